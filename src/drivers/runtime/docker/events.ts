import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorLog } from '../../../engine/ports/ports.ts';
import type { RuntimeEvent } from '../../../engine/ports/runtime.ts';
import type { EngineConnection } from './engine-connection.ts';
import { EventReader, watchedActions } from './event-reader.ts';
import { platformLabel } from './labels.ts';

const openTimeoutMs = 15_000;
const firstDelayMs = 100;
const longestDelayMs = 5_000;

interface EventSource {
  readonly engine: EngineConnection;
  readonly platformId: string;
  readonly log: OperatorLog;
}

/**
 * Never ends but by the signal, whose reason it throws. `relist` comes once the subscription stands: whoever lists then has
 * missed nothing.
 */
export async function* readEvents(source: EventSource, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    try {
      for await (const event of subscribe(source, signal)) {
        delayMs = firstDelayMs;
        yield event;
      }
    } catch (error) {
      signal.throwIfAborted();
      source.log.warn({ error: String(error), delayMs }, 'the event stream of Docker Engine broke off');
    }
    await sleep(delayMs, undefined, { signal });
  }
}

async function* subscribe(source: EventSource, signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
  // Ends the request when the reader leaves early.
  const left = new AbortController();
  const lasting = AbortSignal.any([signal, left.signal]);
  try {
    const stream = await source.engine.call({ what: 'watch events', timeoutMs: openTimeoutMs }, signal, (docker) =>
      docker.getEvents({ filters: eventFilter(source.platformId), abortSignal: lasting }),
    );
    yield { type: 'relist' };
    const reader = new EventReader();
    for await (const line of readLines(stream)) {
      const event = reader.take(line);
      if (event !== null) yield event;
    }
  } finally {
    left.abort();
  }
}

async function* readLines(stream: AsyncIterable<string | Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of stream) {
    const lines = (pending + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    pending = lines.pop() ?? '';
    yield* lines;
  }
}

function eventFilter(platformId: string): { type: ['container']; label: string[]; event: string[] } {
  return { type: ['container'], label: [`${platformLabel}=${platformId}`], event: [...watchedActions] };
}
