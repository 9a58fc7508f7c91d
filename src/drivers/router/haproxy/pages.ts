import { join } from 'node:path';
import type { RouterPaths } from './options.ts';

interface Page {
  readonly status: number;
  readonly reason: string;
  readonly text: string;
  readonly headers?: string;
}

const pages: readonly Page[] = [
  { status: 400, reason: 'Bad Request', text: 'The request is malformed.' },
  { status: 403, reason: 'Forbidden', text: 'The request was refused.' },
  { status: 404, reason: 'Not Found', text: 'Nothing is deployed at this address.' },
  { status: 408, reason: 'Request Timeout', text: 'The request took too long to arrive.' },
  { status: 500, reason: 'Internal Server Error', text: 'Something went wrong.' },
  { status: 502, reason: 'Bad Gateway', text: 'The application gave no valid answer.' },
  {
    status: 503,
    reason: 'Service Unavailable',
    text: 'The application is not available at the moment. Please try again shortly.',
    headers: 'Retry-After: 5\r\n',
  },
  { status: 504, reason: 'Gateway Timeout', text: 'The application took too long to answer.' },
];

/** Instead of waiting, where HAProxy has no Lua. */
export const heldPage = 'held';
export const pausedPage = 'paused';
/** Who has waited for as long as one may, or where nobody can wait. */
export const asleepPage = 'asleep';
export const unwokenPage = 'unwoken';

const unavailable = { status: 503, reason: 'Service Unavailable' };
const modePages: readonly (readonly [string, Page])[] = [
  [
    heldPage,
    { ...unavailable, text: 'The application is being replaced. Please try again.', headers: 'Retry-After: 1\r\n' },
  ],
  [pausedPage, { ...unavailable, text: 'This environment is paused by its owner.', headers: 'Retry-After: 300\r\n' }],
  [
    asleepPage,
    {
      ...unavailable,
      text: 'This preview was asleep and is starting. Please try again.',
      headers: 'Retry-After: 5\r\n',
    },
  ],
  [
    unwokenPage,
    {
      ...unavailable,
      text: 'This preview was asleep and did not start. It will be tried again: please come back in a moment.',
      headers: 'Retry-After: 15\r\n',
    },
  ],
];

export function pagePath(paths: RouterPaths, name: string): string {
  return join(paths.pages, `${name}.http`);
}

export const pageStatuses: readonly number[] = pages.map((page) => page.status);

/** File name and whole HTTP answer of each of the platform's own pages. `no-store`: no CDN may keep them (rule 5.10). */
export function renderPages(): readonly { readonly name: string; readonly content: string }[] {
  const byStatus = pages.map((page): readonly [string, Page] => [String(page.status), page]);
  return [...byStatus, ...modePages].map(([name, { status, reason, text, headers = '' }]) => {
    const body = `<!doctype html>\n<meta charset="utf-8">\n<title>${status} ${reason}</title>\n<h1>${reason}</h1>\n<p>${text}</p>\n`;
    const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n`;
    return {
      name: `${name}.http`,
      content: `${head}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    };
  });
}
