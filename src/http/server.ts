import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { CutoverError } from '../contract/errors.ts';

export interface ServeOptions {
  readonly app: Hono;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface ApiServer extends AsyncDisposable {
  readonly port: number;
  /** Takes no more requests, lets those in flight finish for up to 2 s, then closes their connections. Safe to call twice. */
  close(): Promise<void>;
}

const closeGraceMs = 2_000;
const idleCheckMs = 20;

/** Resolves when it listens. Error: `port_in_use`. */
export async function serveApi({ app, host, port }: ServeOptions): Promise<ApiServer> {
  const listener = getRequestListener(app.fetch);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await listen(server, host, port);
  let closed: Promise<void> | null = null;
  const close = () => (closed ??= closeServer(server));
  return { port: boundPort(server), close, [Symbol.asyncDispose]: close };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new CutoverError('port_in_use', `port ${port} of ${host} is taken by another process`, { cause });
    }
    throw cause;
  }
}

function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new CutoverError('internal', 'the API has no port');
  return address.port;
}

async function closeServer(server: Server): Promise<void> {
  const done = once(server, 'close');
  server.close();
  // Connections kept alive by answers that were under way become idle only now.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  const forced = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await done;
  clearInterval(idle);
  clearTimeout(forced);
}
