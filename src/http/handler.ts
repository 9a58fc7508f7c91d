import type { BodyOf, Endpoint, ParamsOf, QueryOf } from '../contract/endpoint.ts';
import type { endpoints } from '../contract/endpoints.ts';
import type { Actor } from '../domain/roles.ts';
import type { Answer } from './answer.ts';

/** A request that has been authenticated, authorized and checked against the endpoint's schemas. */
export interface ApiRequest<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  /** Where the endpoint takes bytes as they are. */
  readonly raw: E extends { readonly rawBody: object } ? RawRequest : null;
  readonly actor: E['access'] extends { readonly kind: 'public' } ? null : Actor;
  readonly idempotencyKey: string | null;
  /** What is sent to an endpoint that takes uploads; empty for every other. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** True when the caller accepts `text/event-stream` and the endpoint offers it. */
  readonly streams: boolean;
  readonly lastEventId: number | null;
  /** Aborted when the caller goes away or the server shuts down. */
  readonly signal: AbortSignal;
}

export interface RawRequest {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Reads it: whoever finds before that nothing is to be done with it leaves it where it is. */
  readonly body: () => Promise<Uint8Array>;
}

/** Makes one call and puts the result into wire form. Throws CutoverError. */
export type Handler<E extends Endpoint> = (request: ApiRequest<E>) => Promise<Answer<E>>;

export type HandlerGroup<G extends keyof typeof endpoints> = {
  readonly [N in keyof (typeof endpoints)[G]]: (typeof endpoints)[G][N] extends infer E extends Endpoint
    ? Handler<E>
    : never;
};

/** One handler for every endpoint of the table: a missing one does not compile. */
export type Handlers = { readonly [G in keyof typeof endpoints]: HandlerGroup<G> };
