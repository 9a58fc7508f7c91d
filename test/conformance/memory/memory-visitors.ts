import { setImmediate as network } from 'node:timers/promises';
import {
  answerWith,
  type AppAnswer,
  type AppRequest,
  type Connection,
  type Endpoint,
} from '../../simulation/memory/endpoints.ts';
import { cookieOf } from '../../simulation/memory/traffic/choice.ts';
import type { Visit, VisitAnswer, VisitRequest } from '../../simulation/memory/traffic/visit.ts';
import type { MemoryWorld } from '../../simulation/memory/world.ts';
import type { Answer, OpenSocket, Sent, Visitors } from '../router-visitors.ts';
import { PlainHost } from './plain-host.ts';

/** Visitors of a world in memory, and apps in it that do what the real ones of the suite do. */
export function memoryVisitors(world: MemoryWorld): Visitors {
  const host = new PlainHost(world.endpoints);
  const visit = (name: string, sent: Sent, change: Partial<VisitRequest> = {}) =>
    world.router.visit({ ...requestOf(name, sent), ...change });
  const startApp = async (name: string, port?: number) => {
    const app = new MemoryApp(name);
    const at = host.listen(app, port);
    return { name, port: at, seen: () => app.seen, [Symbol.asyncDispose]: async () => host.close(at) };
  };
  return {
    startApp,
    startCrashingApp: async (name, port) => {
      const app = await startApp(name, port);
      return { ...app, crash: () => app[Symbol.asyncDispose]() };
    },
    send: async (name, sent = {}) => {
      // A loop of requests must not keep everything else from happening.
      await network();
      return answerOf(await visit(name, sent).answer);
    },
    connections: () => ({ [Symbol.dispose]: () => undefined }),
    open: (name, { part, ...sent } = {}) => {
      const opened = visit(name, sent, { uploading: part === true });
      const answered = opened.headers.then(() => undefined);
      answered.catch(() => undefined);
      return { answered, leave: () => opened.leave() };
    },
    openWebSocket: async (name) => {
      const opened = visit(name, {}, { upgrade: true });
      await opened.headers;
      return socketOf(opened);
    },
  };
}

function requestOf(host: string, { method = 'GET', path = '/', body = '', headers = {} }: Sent): VisitRequest {
  return {
    method,
    path,
    host,
    headers,
    received: body.length,
    upgrade: false,
    isProbe: false,
    takesMs: 0,
    cookie: cookieOf(headers['cookie']),
    uploading: false,
  };
}

function answerOf({ status, headers, body }: VisitAnswer): Answer {
  const { 'set-cookie': cookie, ...others } = headers;
  return { status, body, headers: others, cookies: cookie === undefined ? [] : [cookie] };
}

function socketOf(visit: Visit): OpenSocket {
  const { app } = visit;
  const closed = visit.answer.then(
    () => undefined,
    () => undefined,
  );
  return {
    closed,
    close: () => visit.leave(),
    echo: async (text) => {
      if (visit.phase !== 'answering') throw new Error('the WebSocket is closed');
      return `${app}:${text}`;
    },
  };
}

/** The same as `startApp` of `test/harness/haproxy-app.ts`. */
class MemoryApp implements Endpoint {
  readonly name: string;
  readonly connections = new Set<Connection>();
  seen = 0;

  constructor(name: string) {
    this.name = name;
  }

  take({ path, upgrade, received, headers }: AppRequest): AppAnswer {
    this.seen += 1;
    if (upgrade) return answerWith({ status: 101, bodyMs: null });
    switch (path) {
      case '/500':
        return answerWith({ status: 500, body: 'no' });
      case '/cut':
        return answerWith({ body: 'begin', bodyMs: 50, closes: 'in-body' });
      case '/die':
        return answerWith({ closes: 'before-headers' });
      case '/stream':
        return answerWith({ contentType: 'text/event-stream', body: 'data: first\n\n', bodyMs: null });
      case '/drip':
        return answerWith({ body: 'drop', bodyMs: null });
      default:
        return answerWith({
          headersMs: Number(/^\/slow\/(\d+)$/.exec(path)?.[1] ?? 0),
          contentType: path.startsWith('/page') ? 'text/html; charset=utf-8' : 'application/json',
          body: JSON.stringify({ name: this.name, received, headers }),
        });
    }
  }
}
