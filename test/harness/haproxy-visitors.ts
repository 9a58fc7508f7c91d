import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Answer, OpenRequest, OpenSocket, Sent, Visitors } from '../conformance/router-visitors.ts';
import { echo, openWebSocket, send, startApp } from './haproxy-app.ts';
import { startCrashingApp } from './haproxy-crashing-app.ts';

/** Real visitors, who connect to that port of loopback, and real apps. */
export function httpVisitors(port: number): Visitors {
  return {
    startApp: (name, at) => startApp(name, at === undefined ? {} : { port: at }),
    startCrashingApp,
    send: (host, sent) => sendOver(port, host, sent ?? {}),
    connections: (most) => new KeptConnections(most),
    open: (host, sent) => open(port, host, sent ?? {}),
    openWebSocket: (host) => openSocket(port, host),
  };
}

class KeptConnections implements Disposable {
  readonly agent: Agent;

  constructor(maxSockets: number) {
    this.agent = new Agent({ keepAlive: true, maxSockets });
  }

  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}

async function sendOver(port: number, host: string, { over, ...sent }: Sent): Promise<Answer> {
  const agent = over instanceof KeptConnections ? over.agent : false;
  const { status, headers, body } = await send(port, host, { ...sent, agent });
  const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return { status, headers: Object.fromEntries(plain), cookies: headers['set-cookie'] ?? [], body };
}

function open(
  port: number,
  host: string,
  { path = '/', method = 'GET', headers = {}, body, part }: Omit<Sent, 'over'> & { readonly part?: true },
): OpenRequest {
  const outgoing = request({ host: '127.0.0.1', port, path, method, agent: false, headers: { host, ...headers } });
  const answered = once(outgoing, 'response').then(() => undefined);
  // Whoever goes away before the answer does not wait for it.
  answered.catch(() => undefined);
  outgoing.on('error', () => undefined);
  if (part === true) outgoing.write(body ?? 'part');
  else outgoing.end(body);
  return { answered, leave: () => void outgoing.destroy() };
}

async function openSocket(port: number, host: string): Promise<OpenSocket> {
  const socket = await openWebSocket(port, host);
  const closed = once(socket, 'close').then(() => undefined);
  return { echo: (text) => echo(socket, text), close: () => socket.close(), closed };
}
