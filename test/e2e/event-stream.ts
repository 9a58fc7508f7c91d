import type { Stage } from './stage.ts';

export interface ServerSentEvent<T> {
  /** '' where the event has none. */
  readonly id: string;
  /** 'message' where the event has none. */
  readonly name: string;
  readonly data: T;
}

export interface ReadOptions<T> {
  /** Of the last event seen on an earlier connection. */
  readonly lastEventId?: string;
  /** The connection is cut when this says so. */
  readonly cutAfter?: (event: ServerSentEvent<T>) => boolean;
}

export interface ReadEvents<T> {
  readonly events: readonly ServerSentEvent<T>[];
  /** The server's `end` came; false where the connection was cut, by whomever. */
  readonly ended: boolean;
}

const limitMs = 60_000;

/** One connection to an event stream of the API, from its opening to its end; only whole events count. Rejects after a minute. */
export async function readEvents<T>(stage: Stage, path: string, options: ReadOptions<T> = {}): Promise<ReadEvents<T>> {
  const events: ServerSentEvent<T>[] = [];
  const limit = AbortSignal.timeout(limitMs);
  try {
    for await (const event of openEvents<T>(stage, { path, ...options, signal: limit })) {
      if (event.name === 'end') return { events, ended: true };
      if (event.name !== 'message') throw new Error(`the stream sent ${event.name}: ${JSON.stringify(event.data)}`);
      events.push(event);
      if (options.cutAfter?.(event) === true) break;
    }
  } catch (error) {
    // What fetch says when the server is gone in the middle.
    if (!(error instanceof TypeError && error.message === 'terminated')) throw error;
  }
  return { events, ended: false };
}

interface Connection {
  readonly path: string;
  readonly lastEventId?: string;
  readonly signal: AbortSignal;
}

/** What one connection brings, as it comes; also the closing `end`. */
export async function* openEvents<T>(
  stage: Stage,
  { path, lastEventId, signal }: Connection,
): AsyncGenerator<ServerSentEvent<T>> {
  const { apiUrl, token } = stage.platform;
  const response = await fetch(`${apiUrl}${path}`, {
    signal,
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  if (!response.ok || response.body === null) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield* parse<T>(block);
  }
}

/** Nothing for a comment or a `retry`. */
function* parse<T>(block: string): Generator<ServerSentEvent<T>> {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
  const data = field('data');
  if (data === undefined) return;
  yield { id: field('id') ?? '', name: field('event') ?? 'message', data: JSON.parse(data) as T };
}
