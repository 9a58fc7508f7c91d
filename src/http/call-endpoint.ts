import type { Context } from 'hono';
import { eventStreamMediaType, jsonMediaType, type Endpoint } from '../contract/endpoint.ts';
import { CutoverError } from '../contract/errors.ts';
import type { Actor } from '../domain/roles.ts';
import type { Answer } from './answer.ts';
import type { ApiOptions } from './api.ts';
import { authenticate, authorize } from './authorize.ts';
import { commonHeaders, describeFailure } from './failure.ts';
import type { ApiRequest, Handler } from './handler.ts';
import { parseRequest } from './parse-request.ts';
import type { RawBodies } from './raw-bodies.ts';
import { openEventStream } from './stream/event-stream.ts';

export interface EndpointCall {
  readonly endpoint: Endpoint;
  readonly handler: Handler<Endpoint>;
  readonly context: Context;
  readonly options: ApiOptions;
  readonly rawBodies: RawBodies;
}

const defaultHeartbeatMs = 15_000;
const defaultTokenCheckMs = 5_000;

/** One request from its headers to its response: who, whether they may, what they ask, the call, the answer. */
export async function callEndpoint(call: EndpointCall): Promise<Response> {
  const { endpoint, handler, context, options, rawBodies } = call;
  const actor = await identify(endpoint, context, options);
  const parsed = await parseRequest(endpoint, context.req, rawBodies);
  const abandoned = new AbortController();
  const signal = AbortSignal.any([context.req.raw.signal, options.shutdown, abandoned.signal]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- parsed with the endpoint's own schemas
  const request = { ...parsed, bytes: whileAllowed(call, parsed.bytes), actor, signal } as ApiRequest<Endpoint>;
  const answer = await handler(request)
    .catch((error: unknown) => {
      if (signal.aborted) throw new CutoverError('cancelled', 'the request was abandoned', { cause: error });
      throw error;
    })
    .finally(() => parsed.raw?.release());
  if (answer.type !== 'events') return plainResponse(endpoint, answer);
  const stream = await openEventStream(whileTokenLasts(call, answer.events, { signal, end: () => abandoned.abort() }), {
    heartbeatMs: options.heartbeatMs ?? defaultHeartbeatMs,
    signal,
    onCancel: () => abandoned.abort(),
    describe: (error) => describeFailure(error, options.log, `${context.req.method} ${context.req.path}`),
  });
  return new Response(stream, { headers: { ...commonHeaders, ...streamHeaders } });
}

async function identify(endpoint: Endpoint, context: Context, options: ApiOptions): Promise<Actor | null> {
  if (endpoint.access.kind === 'public') return null;
  const actor = await authenticate(options.commands.tokens, context.req.header('authorization'));
  authorize(endpoint.access, actor, context.req.param('project') ?? null);
  return actor;
}

/** An upload may take an hour: nothing is done with it if the token has ended by its last byte. Error: as `identify`. */
async function* whileAllowed(call: EndpointCall, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* bytes;
  if (call.endpoint.upload === true) await identify(call.endpoint, call.context, call.options);
}

interface Ending {
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/** A stream whose token has ended is closed soon; who comes back is told why. A database that cannot be asked closes it too. */
async function* whileTokenLasts<T>(call: EndpointCall, events: AsyncIterable<T>, { signal, end }: Ending) {
  const timer = setInterval(() => {
    identify(call.endpoint, call.context, call.options).catch(end);
  }, call.options.tokenCheckMs ?? defaultTokenCheckMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  try {
    yield* events;
  } finally {
    clearInterval(timer);
  }
}

const streamHeaders = { 'content-type': eventStreamMediaType, 'x-accel-buffering': 'no' };

function plainResponse(endpoint: Endpoint, answer: Exclude<Answer<Endpoint>, { type: 'events' }>): Response {
  if (answer.type === 'nothing') return new Response(null, { status: endpoint.status, headers: commonHeaders });
  const headers = new Headers({ ...commonHeaders, 'content-type': endpoint.mediaType ?? jsonMediaType });
  if (answer.type === 'text') return new Response(answer.body, { status: endpoint.status, headers });
  if (answer.location !== undefined) headers.set('location', answer.location);
  return new Response(JSON.stringify(answer.body), { status: answer.status ?? endpoint.status, headers });
}
