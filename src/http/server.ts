import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Hono } from 'hono';
import { CutoverError } from '../contract/errors.ts';
import type { RequestListener } from './git/git-door.ts';
import { privateListener, publicListener } from './listener.ts';

export interface ServeOptions {
  readonly app: Hono;
  /** What speaks Git; without it there is nothing below `/git/`. */
  readonly git?: RequestListener;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface ApiServer extends AsyncDisposable {
  readonly port: number;
  /** Takes no more requests, lets those in flight finish for up to 2 s, then closes their connections. Safe to call twice. */
  close(): Promise<void>;
}

/** To send a push or an upload; who sends no head, or nothing at all, is sent away much earlier. */
const longestRequestMs = 60 * 60_000;
const closeGraceMs = 2_000;
const idleCheckMs = 20;

/** Resolves when it listens. Error: `port_in_use`. */
export async function serveApi({ host, port, ...doors }: ServeOptions): Promise<ApiServer> {
  const server = createServer({ requestTimeout: longestRequestMs }, privateListener(doors));
  await listen(server, host, port);
  let closed: Promise<void> | null = null;
  const close = () => (closed ??= closeServer(server));
  return { port: boundPort(server), close, [Symbol.asyncDispose]: close };
}

export interface PublicDoorOptions extends Omit<ServeOptions, 'host' | 'port'> {
  /** Absolute path of the socket, at which only this process listens; one that an earlier process left is replaced. */
  readonly socketPath: string;
}

/** The part of it that the router passes callers on to, whoever they are. Resolves when it listens. */
export async function servePublicDoor({ socketPath, ...doors }: PublicDoorOptions): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: longestRequestMs }, publicListener(doors));
  await rm(socketPath, { force: true });
  server.listen(socketPath);
  await once(server, 'listening');
  await chmod(socketPath, 0o600);
  return { [Symbol.asyncDispose]: () => closeServer(server) };
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
