import type { Endpoint, EventOf, ResponseOf } from '../contract/endpoint.ts';

/** What a handler gives back; the transport turns it into a response. */
export type Answer<E extends Endpoint> =
  | { readonly type: 'json'; readonly body: ResponseOf<E>; readonly status?: 200; readonly location?: string }
  | { readonly type: 'text'; readonly body: string }
  | { readonly type: 'nothing' }
  | { readonly type: 'events'; readonly events: AsyncIterable<StreamEvent<EventOf<E>>> };

/** `id`: what a caller sends as `Last-Event-ID` to go on after this event. */
export interface StreamEvent<T = unknown> {
  readonly id: number;
  readonly data: T;
}

export function json<T>(body: T) {
  return { type: 'json', body } as const;
}

/** For an endpoint that has a media type of its own. */
export function text(body: string) {
  return { type: 'text', body } as const;
}

export const nothing = { type: 'nothing' } as const;

export function events<T>(source: AsyncIterable<StreamEvent<T>>) {
  return { type: 'events', events: source } as const;
}
