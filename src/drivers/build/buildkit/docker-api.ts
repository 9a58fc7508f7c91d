import { request, type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CutoverError } from '../../../domain/errors.ts';

/** Newest version of Docker's API that this driver was written for. */
const newestApi = 45;
const largestAnswerBytes = 16 * 1024 * 1024;
const callTimeoutMs = 60_000;

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With the query, without the version. */
  readonly path: string;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly tar?: Readable;
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A connection that stops to be HTTP/1. */
export interface ApiUpgrade {
  /** Without the version. */
  readonly path: string;
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly signal: AbortSignal;
}

/** Docker Engine's HTTP API over its socket. A daemon that does not answer is `runtime_unavailable`; an abort rejects with its reason. */
export interface DockerApi {
  /** The answer as it streams in; the caller reads it to the end or destroys it. No limit of time but the signal. */
  stream(call: ApiCall): Promise<IncomingMessage>;
  /** The whole answer, whatever its status, within a minute. */
  call(call: ApiCall): Promise<ApiAnswer>;
  /** The connection itself, once the engine has agreed to speak the other protocol on it. */
  upgrade(wanted: ApiUpgrade): Promise<Duplex>;
}

export function createDockerApi(socketPath: string): DockerApi {
  let version: string | null = null;
  const stream = async (call: ApiCall) => {
    version ??= await negotiate(socketPath, call.signal);
    return open(socketPath, call, `/${version}${call.path}`);
  };
  return {
    stream,
    async upgrade(wanted) {
      version ??= await negotiate(socketPath, wanted.signal);
      return upgrade(socketPath, wanted, `/${version}${wanted.path}`);
    },
    async call(call) {
      const limit = AbortSignal.timeout(callTimeoutMs);
      const signal = AbortSignal.any([call.signal, limit]);
      try {
        const response = await stream({ ...call, signal });
        const text = await readText(response);
        return { status: response.statusCode ?? 0, body: parse(text) };
      } catch (error) {
        if (limit.aborted) throw unavailable(`no answer within ${callTimeoutMs / 1000} s`, error);
        throw explainBroken(error, signal);
      }
    },
  };
}

/** What the engine said about a refused call. */
export function messageOf(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** Connections that cannot be made or break become `runtime_unavailable`, an abort its reason; all else is returned as it is. */
export function explainBroken(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof Error) || !('code' in error)) return error;
  const broken = ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code));
  const refused = 'syscall' in error && error.syscall === 'connect';
  return broken || refused ? unavailable(error.message, error) : error;
}

function unavailable(why: string, cause: unknown): CutoverError {
  return new CutoverError('runtime_unavailable', `Docker Engine does not answer: ${why}`, { cause });
}

/** The daemon's newest version, or ours if that is older. */
async function negotiate(socketPath: string, signal: AbortSignal): Promise<string> {
  const response = await open(socketPath, { method: 'GET', path: '/_ping', signal }, '/_ping');
  response.resume();
  const minor = Number(/^1\.(\d+)$/.exec(String(response.headers['api-version']))?.[1] ?? newestApi);
  return `v1.${Math.min(minor, newestApi)}`;
}

async function open(socketPath: string, call: ApiCall, path: string): Promise<IncomingMessage> {
  const { method, json, tar, signal } = call;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const type = tar === undefined ? 'application/json' : 'application/x-tar';
  const outgoing = request({ socketPath, path, method, signal, headers: { 'content-type': type } });
  outgoing.on('response', resolve);
  outgoing.on('error', (error) => reject(explainBroken(error, signal)));
  // An answer that comes early ends the upload, and then counts; without one, this is what went wrong.
  if (tar !== undefined) pipeline(tar, outgoing).catch((error: unknown) => reject(explainBroken(error, signal)));
  else outgoing.end(json === undefined ? undefined : JSON.stringify(json));
  return promise;
}

async function upgrade(socketPath: string, wanted: ApiUpgrade, path: string): Promise<Duplex> {
  const { protocol, signal } = wanted;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const headers = { ...wanted.headers, connection: 'Upgrade', upgrade: protocol };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]);
  const outgoing = request({ socketPath, path, method: 'POST', headers, signal: limit });
  outgoing.on('upgrade', (_response, socket, head) => {
    // What came with the answer belongs to the other protocol already.
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  outgoing.on('response', (response) => {
    response.resume();
    reject(unavailable(`${wanted.path} is answered with ${response.statusCode}`, null));
  });
  outgoing.on('error', (error) => reject(explainBroken(error, limit)));
  outgoing.end();
  return promise;
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestAnswerBytes) throw new CutoverError('internal', 'an answer of Docker Engine is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text.trim();
    throw error;
  }
}
