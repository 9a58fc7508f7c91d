import { subscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { CrashPoints } from './crash-points.ts';

/**
 * One call of the runtime is several requests to Docker Engine: they are numbered too, as `docker POST /containers/create`. `after`: the
 * engine has begun to answer. Requests that change nothing are not numbered.
 */
export function numberDockerRequests(points: CrashPoints, socketPath: string): void {
  const ends = new WeakMap<ClientRequest, () => void>();
  subscribe('http.client.request.created', (message) => {
    const request = requestOf(message);
    if (request === null || !isTo(request, socketPath) || request.method === 'GET' || request.method === 'HEAD') return;
    ends.set(request, points.begin(`docker ${request.method} ${shapeOf(request.path)}`));
  });
  subscribe('http.client.response.finish', (message) => {
    const request = requestOf(message);
    if (request !== null) ends.get(request)?.();
  });
}

function requestOf(message: unknown): ClientRequest | null {
  if (typeof message !== 'object' || message === null || !('request' in message)) return null;
  return message.request instanceof ClientRequest ? message.request : null;
}

function isTo(request: ClientRequest, socketPath: string): boolean {
  return 'socketPath' in request && request.socketPath === socketPath;
}

const words = new Set(
  'auth build cancel commit connect containers create disconnect exec images json kill load networks prune remove restart session start stop tag update volumes wait'.split(
    ' ',
  ),
);

/** Without the version, the query, and what differs from run to run. */
function shapeOf(path: string): string {
  const [plain = ''] = path.split('?');
  const parts = plain.split('/').filter((part) => part !== '' && !/^v1\.\d+$/.test(part));
  return `/${parts.map((part) => (words.has(part) ? part : '*')).join('/')}`;
}
