import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { RequestListener } from './git/git-door.ts';
import { gitPath } from './git/git-request.ts';

interface Doors {
  readonly app: Hono;
  /** Without it there is nothing below `/git/`. */
  readonly git?: RequestListener;
}

/** Of the API, what providers call, who have no token: each delivery is signed. */
const webhookPath = '/api/webhooks/';

/** What every path that anybody may call begins with. */
export const publicPaths = [webhookPath, gitPath] as const;

/** Everything, for callers on this machine. */
export function privateListener({ app, git }: Doors): RequestListener {
  const api = getRequestListener(app.fetch);
  return (incoming, outgoing) => {
    if (git !== undefined && incoming.url?.startsWith(gitPath) === true) git(incoming, outgoing);
    else void api(incoming, outgoing);
  };
}

/** What the router may pass on: Git and webhooks. Of everything else there is nothing here, whatever the router is told. */
export function publicListener(doors: Doors): RequestListener {
  const everything = privateListener(doors);
  return (incoming, outgoing) => {
    if (isPublic(incoming.url ?? '')) return everything(incoming, outgoing);
    outgoing.writeHead(404, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    outgoing.end('There is nothing here.\n');
  };
}

/** By the path that the API will see: it takes `..` and `%2e%2e` out. */
function isPublic(url: string): boolean {
  const base = 'http://localhost';
  if (!url.startsWith('/') || !URL.canParse(url, base)) return false;
  const { pathname } = new URL(url, base);
  return (url.startsWith(gitPath) && pathname.startsWith(gitPath)) || pathname.startsWith(webhookPath);
}
