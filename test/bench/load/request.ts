import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { LoadOptions, RequestKind } from './load-options.ts';
import { connectionFailure, statusFailure, type Failure, type Outcome } from './outcome.ts';

/**
 * Connections for the keep-alive requests. Idle ones are closed by us after 4 s, before any server does it, so that a reset is
 * never the fault of two timers that ran out together.
 */
export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true, timeout: 4_000, scheduling: 'lifo' });
}

/** Sends request number `n` and tells how it ended. Never throws and never tries again. `dueAt`: `performance.now()` when it was due. */
export async function sendRequest(
  kind: RequestKind,
  n: number,
  dueAt: number,
  options: LoadOptions,
  agent: Agent,
): Promise<Outcome> {
  const failure = await new Promise<Failure | null>((resolve) => {
    const body = kind === 'post' ? echoBody(n) : null;
    const limit = AbortSignal.timeout(Math.max(1, Math.round(options.timeoutMs - (performance.now() - dueAt))));
    let answered = false;
    const failed = (error: Error) => {
      resolve(limit.aborted ? tooSlow(options) : connectionFailure(error, answered));
    };
    const request = httpRequest({ ...target(kind, n, options, agent), signal: limit }, (response) => {
      answered = true;
      response.on('error', failed);
      collect(response, (text) => resolve(statusFailure(response.statusCode) ?? bodyFailure(kind, n, text)));
    });
    request.on('error', failed);
    request.end(body ?? undefined);
  });
  const latencyMs = performance.now() - dueAt;
  return { latencyMs, failure: failure ?? (latencyMs > options.timeoutMs ? tooSlow(options) : null) };
}

function target(kind: RequestKind, n: number, options: LoadOptions, agent: Agent): RequestOptions {
  const path = { 'keep-alive': `/?n=${n}`, 'new-connection': `/?n=${n}`, post: '/echo', slow: `/slow?n=${n}&ms=3000` };
  return {
    host: options.address,
    port: options.port,
    path: path[kind],
    method: kind === 'post' ? 'POST' : 'GET',
    agent: kind === 'new-connection' ? false : agent,
    headers: {
      host: options.host,
      ...(kind === 'post' ? { 'content-length': Buffer.byteLength(echoBody(n)) } : {}),
      ...(kind === 'new-connection' ? { connection: 'close' } : {}),
    },
  };
}

function collect(response: IncomingMessage, done: (text: string) => void): void {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => (text += chunk));
  response.on('end', () => done(text));
}

/** 1 to 9 KB that belong to this request alone. */
function echoBody(n: number): string {
  return `post ${n} `.repeat(100 + (n % 9) * 80);
}

function bodyFailure(kind: RequestKind, n: number, text: string): Failure | null {
  const right = kind === 'post' ? text === echoBody(n) : isPage(text, n);
  return right ? null : { kind: 'wrong-body', detail: JSON.stringify(text.slice(0, 80)) };
}

/** The page of the benchmarks' app for request `n`, whichever version sent it. */
function isPage(text: string, n: number): boolean {
  const version = /^version=(\S+) /.exec(text)?.[1];
  return version !== undefined && text === `version=${version} n=${n}\n${'x'.repeat(1024)}\nend\n`;
}

function tooSlow(options: LoadOptions): Failure {
  return { kind: 'slow', detail: `no whole answer in ${options.timeoutMs} ms` };
}
