import { setImmediate as nextTurn } from 'node:timers/promises';
import { streamEvents } from '../../contract/endpoint.ts';
import type { Problem } from '../../contract/problem.ts';
import type { StreamEvent } from '../answer.ts';

export interface EventStreamOptions {
  /** Silence after which a comment keeps proxies and the caller from giving up. */
  readonly heartbeatMs: number;
  /** Aborted by the owner; the stream then closes without `end`, so that the caller comes back. */
  readonly signal: AbortSignal;
  /** Called when the caller goes away. */
  readonly onCancel: () => void;
  /** Turns an error into what the caller may see. */
  readonly describe: (error: unknown) => Problem;
}

type Pulled = IteratorResult<StreamEvent> | 'silence';

/** A chunk is what the source has at hand, up to this much. */
const maxChunkLength = 16_384;
/** Within this time a source that cannot begin is answered with a problem instead of a stream. */
const firstEventMs = 200;

/**
 * Server-sent events from an iterable. Nothing is read ahead of the caller: the next chunk is asked for when the last one has
 * been taken. Rejects when the source fails before anything was sent.
 */
export async function openEventStream(
  source: AsyncIterable<StreamEvent>,
  options: EventStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  const pump = new EventPump(source[Symbol.asyncIterator](), options);
  await pump.begin();
  return new ReadableStream(pump, { highWaterMark: 0 });
}

class EventPump {
  readonly #source: AsyncIterator<StreamEvent>;
  readonly #options: EventStreamOptions;
  readonly #encoder = new TextEncoder();
  #pending: Promise<IteratorResult<StreamEvent>> | null = null;
  /** Ends the wait under way. */
  #interrupt: () => void = () => undefined;

  constructor(source: AsyncIterator<StreamEvent>, options: EventStreamOptions) {
    this.#source = source;
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#interrupt(), { once: true });
  }

  async begin(): Promise<void> {
    await this.#nextWithin(firstEventMs);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    controller.enqueue(this.#encoder.encode('retry: 1000\n\n'));
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const { signal, describe } = this.#options;
    try {
      const { text, ended } = await this.#chunk();
      if (text !== '') controller.enqueue(this.#encoder.encode(text));
      if (ended || signal.aborted) controller.close();
    } catch (error) {
      if (!signal.aborted) {
        controller.enqueue(this.#encoder.encode(formatNamed(streamEvents.problem, describe(error))));
      }
      controller.close();
    }
  }

  cancel(): void {
    this.#options.onCancel();
  }

  async #chunk(): Promise<{ readonly text: string; readonly ended: boolean }> {
    // A fast source and a fast reader would otherwise keep the event loop from everybody else.
    await nextTurn();
    let pulled = await this.#nextWithin(this.#options.heartbeatMs);
    if (pulled === 'silence') return { text: ': keep-alive\n\n', ended: false };
    const turn = nextTurn('silence' as const);
    let text = '';
    while (pulled !== 'silence' && !pulled.done) {
      this.#pending = null;
      text += formatEvent(pulled.value);
      if (text.length >= maxChunkLength) return { text, ended: false };
      pulled = await Promise.race([this.#next(), turn]);
    }
    if (pulled === 'silence' || this.#options.signal.aborted) return { text, ended: false };
    return { text: text + formatNamed(streamEvents.end, {}), ended: true };
  }

  /** The event to come: the same promise until the event has been taken. */
  #next(): Promise<IteratorResult<StreamEvent>> {
    this.#pending ??= this.#source.next();
    return this.#pending;
  }

  /** Every promise but the event's own ends with the wait, so that waiting often holds no memory. */
  async #nextWithin(ms: number): Promise<Pulled> {
    const { promise, resolve } = Promise.withResolvers<'silence'>();
    const timer = setTimeout(resolve, ms, 'silence').unref();
    this.#interrupt = () => resolve('silence');
    if (this.#options.signal.aborted) this.#interrupt();
    try {
      return await Promise.race([this.#next(), promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function formatEvent(event: StreamEvent): string {
  return `id: ${event.id}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

function formatNamed(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
