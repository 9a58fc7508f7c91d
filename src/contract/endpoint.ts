import type { z } from 'zod';
import type { Permission } from '../domain/roles.ts';
import type { ErrorCode } from './errors.ts';

/**
 * Who may call. `public`: anyone; `token`: any valid token, which sees what it may see; a permission on the project named in
 * the path, or on the whole installation (tokens bound to one project have none there).
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'token' }
  | { readonly kind: 'permission'; readonly permission: Permission; readonly on: 'project' | 'installation' };

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One promise of the API. The server, the OpenAPI document and the client are all made from it. */
export interface Endpoint {
  readonly method: Method;
  /** With `{name}` for every member of `params`. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Takes bytes of any media type as they are, at most so many, in place of a `body`. */
  readonly rawBody?: { readonly maxBytes: number; readonly description: string };
  /** The body is any number of bytes of any type, and is read while it comes. */
  readonly upload?: true;
  /** Takes `Idempotency-Key`; a replay is answered with 200. */
  readonly idempotent?: true;
  readonly status: 200 | 201 | 202 | 204;
  /** null: no body. */
  readonly response: z.ZodType | null;
  /** Of a response that is text and no JSON. */
  readonly mediaType?: string;
  /** What each server-sent event's data is, for callers that accept `text/event-stream`. */
  readonly event?: z.ZodType;
  /** Beside those of `access` and of validation. */
  readonly errors: readonly ErrorCode[];
}

export function endpoint<const E extends Endpoint>(spec: E): E {
  return spec;
}

export type ParamsOf<E extends Endpoint> = E extends { params: infer S extends z.ZodType } ? z.output<S> : {};
export type QueryOf<E extends Endpoint> = E extends { query: infer S extends z.ZodType } ? z.output<S> : {};
export type BodyOf<E extends Endpoint> = E extends { body: infer S extends z.ZodType } ? z.output<S> : undefined;
export type ResponseOf<E extends Endpoint> = E extends { response: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;
export type EventOf<E extends Endpoint> = E extends { event: infer S extends z.ZodType } ? z.output<S> : never;

export type QueryValue = string | number | boolean;

/** What a caller writes: query values as text, defaults left out. */
export interface CallOf<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query?: { readonly [K in keyof QueryOf<E>]?: QueryValue };
  readonly body?: E extends { body: infer S extends z.ZodType } ? z.input<S> : never;
  readonly upload?: E extends { upload: true } ? AsyncIterable<Uint8Array> : never;
  readonly idempotencyKey?: string;
}

/** Every response is sent with this media type, unless its endpoint says otherwise; problems and streams aside. */
export const jsonMediaType = 'application/json';
export const eventStreamMediaType = 'text/event-stream';

/**
 * Names of server-sent events that are not data. `end`: nothing more is to come, do not reconnect; `problem`: the data is a
 * problem document. A connection that closes without either was cut: reconnect with `Last-Event-ID`.
 */
export const streamEvents = { end: 'end', problem: 'problem' } as const;
