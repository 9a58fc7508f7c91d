import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
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

type Pulled = IteratorResult<StreamEvent> | 'silence' | 'aborted';

/** A chunk is what the source has at hand, up to this much. */
const maxChunkLength = 65_536;
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
  readonly #aborted: Promise<'aborted'>;
  #pending: Promise<IteratorResult<StreamEvent>> | null = null;

  constructor(source: AsyncIterator<StreamEvent>, options: EventStreamOptions) {
    this.#source = source;
    this.#options = options;
    this.#aborted = whenAborted(options.signal);
  }

  async begin(): Promise<void> {
    await this.#next(firstEventMs);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    controller.enqueue(this.#encoder.encode('retry: 1000\n\n'));
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { text, ended } = await this.#chunk();
      if (text !== '') controller.enqueue(this.#encoder.encode(text));
      if (ended) controller.close();
    } catch (error) {
      if (!this.#options.signal.aborted) {
        controller.enqueue(this.#encoder.encode(formatNamed(streamEvents.problem, this.#options.describe(error))));
      }
      controller.close();
    }
  }

  cancel(): void {
    this.#options.onCancel();
  }

  async #chunk(): Promise<{ readonly text: string; readonly ended: boolean }> {
    let pulled = await this.#next(this.#options.heartbeatMs);
    if (pulled === 'silence') return { text: ': keep-alive\n\n', ended: false };
    let text = '';
    while (typeof pulled === 'object' && !pulled.done) {
      this.#pending = null;
      text += formatEvent(pulled.value);
      if (text.length >= maxChunkLength) return { text, ended: false };
      pulled = await this.#next(0);
    }
    if (pulled === 'silence') return { text, ended: false };
    const cut = pulled === 'aborted' || this.#options.signal.aborted;
    return { text: cut ? text : text + formatNamed(streamEvents.end, {}), ended: true };
  }

  /** The next event, kept pending until it is taken; `silence` after so long, 0 meaning one turn of the event loop. */
  async #next(patienceMs: number): Promise<Pulled> {
    this.#pending ??= this.#source.next();
    const impatience = new AbortController();
    const silence = patienceMs === 0 ? nextTurn('silence' as const) : patience(patienceMs, impatience.signal);
    try {
      return await Promise.race([this.#pending, silence, this.#aborted]);
    } finally {
      impatience.abort();
    }
  }
}

/** Resolves also when it is cut short: nobody listens any more then. */
async function patience(ms: number, signal: AbortSignal): Promise<'silence'> {
  return delay(ms, 'silence' as const, { signal, ref: false }).catch(() => 'silence' as const);
}

function whenAborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

function formatEvent(event: StreamEvent): string {
  return `id: ${event.id}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

function formatNamed(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
