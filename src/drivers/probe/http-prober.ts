import { request } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { HealthCheck, ProbeResult } from '../../domain/health-check.ts';
import type { Prober, ProbeTarget } from '../../engine/ports/prober.ts';
import { printableStart } from './printable-start.ts';

/** Where the web server of the static bundles listens. */
export type StaticEndpoint = { readonly socketPath: string } | { readonly host: string; readonly port: number };

export interface HttpProberOptions {
  readonly staticEndpoint: StaticEndpoint;
}

/** Probes by `node:http`, straight to the target: no proxy, no connection kept, no redirect followed. */
export function createHttpProber(options: HttpProberOptions): Prober {
  return {
    probe: (target, check, signal) => probe(requestOptions(target, check, options), check.timeoutMs, signal),
  };
}

function requestOptions(target: ProbeTarget, check: HealthCheck, options: HttpProberOptions): RequestOptions {
  return {
    ...(target.kind === 'instance' ? { host: target.address, port: target.port } : options.staticEndpoint),
    agent: false,
    method: check.method,
    path: check.path,
    headers: {
      'User-Agent': 'cutover-health-check',
      Accept: '*/*',
      'Accept-Encoding': 'identity',
      ...(check.hostHeader === null ? {} : { Host: check.hostHeader }),
      ...(target.kind === 'static' ? staticHeaders(target) : {}),
    },
  };
}

/** What the router sets to choose a bundle; no second header means no fallback to `index.html`. */
function staticHeaders(target: { readonly bundle: string; readonly spa: boolean }): Record<string, string> {
  return { 'X-Cutover-Bundle': target.bundle, ...(target.spa ? { 'X-Cutover-Spa': '1' } : {}) };
}

/** The timeout covers everything: connecting, the headers, and the first piece of the body. */
async function probe(options: RequestOptions, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, limit]);
  try {
    return await answer(options, ended);
  } catch (error) {
    signal.throwIfAborted();
    return limit.aborted ? { type: 'timed-out' } : failure(error);
  }
}

function answer(options: RequestOptions, ended: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(options);
    const finish = (result: ProbeResult): void => {
      resolve(result);
      sent.destroy();
    };
    ended.addEventListener('abort', () => sent.destroy(new Error('ended')), { once: true });
    sent.on('error', reject);
    sent.on('close', () => reject(new Error('the connection was closed without an answer')));
    sent.on('upgrade', (response) => finish(answered(response, '')));
    sent.on('response', (response) => readStart(response, finish, reject));
    sent.end();
  });
}

function readStart(
  response: IncomingMessage,
  finish: (result: ProbeResult) => void,
  reject: (error: Error) => void,
): void {
  response.once('data', (chunk: Buffer) => finish(answered(response, printableStart(chunk))));
  response.on('end', () => finish(answered(response, '')));
  response.on('error', reject);
}

function answered(response: IncomingMessage, bodyStart: string): ProbeResult {
  return { type: 'answered', status: response.statusCode ?? 0, bodyStart };
}

function failure(error: unknown): ProbeResult {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return { type: 'refused' };
  return { type: 'broken', message: error instanceof Error ? error.message : String(error) };
}
