import type { SlotNumber } from '../../../domain/route.ts';
import type { RequestOutcome } from '../../../engine/ports/router.ts';
import { lostRequests, readStat } from './stats.ts';
import type { Worker } from './workers.ts';

/**
 * HAProxy tells nothing of a request that came on a connection which had carried one before, and whose server went away without an
 * answer: it closes the visitor's connection, so that the visitor tries again. Only its counters know. What two looks in a row agree
 * on is told once; the first look at a slot in a worker is where counting begins.
 */
export class LostRequests {
  readonly #seen = new Map<string, { told: number; last: number }>();

  async look(worker: Worker, slots: Iterable<SlotNumber>, signal: AbortSignal): Promise<RequestOutcome[]> {
    const outcomes: RequestOutcome[] = [];
    for (const slot of slots) {
      const lost = lostRequests(await readStat(worker, slot, signal));
      for (let count = this.#news(`${worker.pid}/${slot}`, lost); count > 0; count -= 1)
        outcomes.push(unanswered(slot));
    }
    return outcomes;
  }

  #news(key: string, lost: number): number {
    const entry = this.#seen.get(key);
    if (entry === undefined) {
      this.#seen.set(key, { told: lost, last: lost });
      return 0;
    }
    const sure = Math.min(lost, entry.last);
    const news = Math.max(0, sure - entry.told);
    this.#seen.set(key, { told: entry.told + news, last: lost });
    return news;
  }
}

/** Neither method nor path is known. */
function unanswered(slot: SlotNumber): RequestOutcome {
  return {
    at: Date.now(),
    slot,
    server: null,
    status: null,
    ending: 'no-response',
    method: '-',
    path: '',
    client: null,
    headersMs: null,
    durationMs: 0,
    refused: false,
    upgrade: false,
    weight: 1,
  };
}
