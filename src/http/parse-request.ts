import { Readable } from 'node:stream';
import type { HonoRequest } from 'hono';
import { eventStreamMediaType, jsonMediaType, type Endpoint } from '../contract/endpoint.ts';
import { CutoverError } from '../contract/errors.ts';
import { parseInput } from '../contract/validation.ts';
import { HttpError } from './failure.ts';
import type { RawBodies } from './raw-bodies.ts';

/** The checked parts of a request. Error: `invalid_input`. */
export async function parseRequest(endpoint: Endpoint, request: HonoRequest, rawBodies: RawBodies) {
  return {
    params: endpoint.params === undefined ? {} : parseInput(endpoint.params, request.param(), 'the path'),
    query: endpoint.query === undefined ? {} : parseInput(endpoint.query, request.query(), 'the query'),
    body: endpoint.body === undefined ? undefined : parseInput(endpoint.body, await readJson(request), 'the body'),
    raw:
      endpoint.rawBody === undefined
        ? null
        : rawBodies.open({ request: request.raw, headers: request.header(), maxBytes: endpoint.rawBody.maxBytes }),
    bytes: endpoint.upload === true ? uploadOf(request) : nothingSent,
    idempotencyKey: endpoint.idempotent === undefined ? null : readIdempotencyKey(request),
    streams: endpoint.event !== undefined && acceptsEvents(request),
    lastEventId: readLastEventId(request),
  };
}

const nothingSent: AsyncIterable<Uint8Array> = Readable.from([]);

function uploadOf(request: HonoRequest): AsyncIterable<Uint8Array> {
  return request.raw.body ?? nothingSent;
}

async function readJson(request: HonoRequest): Promise<unknown> {
  const type = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== jsonMediaType) {
    throw new HttpError(415, 'invalid_input', `the body must be sent with Content-Type: ${jsonMediaType}`);
  }
  const text = await request.text();
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CutoverError('invalid_input', `the body is not JSON: ${String(cause)}`, { cause });
  }
}

function readIdempotencyKey(request: HonoRequest): string | null {
  const key = request.header('idempotency-key');
  if (key === undefined) return null;
  if (/^[\x20-\x7e]{1,200}$/.test(key)) return key;
  throw new CutoverError('invalid_input', 'Idempotency-Key must be 1 to 200 printable ASCII characters');
}

function acceptsEvents(request: HonoRequest): boolean {
  return (request.header('accept') ?? '').toLowerCase().includes(eventStreamMediaType);
}

function readLastEventId(request: HonoRequest): number | null {
  const id = request.header('last-event-id');
  if (id === undefined || id === '') return null;
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new CutoverError('invalid_input', 'Last-Event-ID must be the id of an event of this stream');
}
