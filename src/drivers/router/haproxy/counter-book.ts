import type { SlotNumber } from '../../../domain/route.ts';
import type { Sums } from './stats.ts';

interface Entry {
  /** Of workers that are gone. */
  kept: Sums;
  /** By process id: what it had counted for the slot when that was cleared, and what it said last. */
  readonly workers: Map<number, { base: Sums; last: Sums }>;
}

export interface StoredEntry {
  readonly slot: SlotNumber;
  readonly kept: Sums;
  readonly workers: readonly { readonly pid: number; readonly base: Sums; readonly last: Sums }[];
}

const nothing: Sums = { requests: 0, failed: 0 };

/**
 * Sums per slot since it was cleared. HAProxy counts per worker and since that worker's start, so every worker has a base, and the
 * last word of one that has gone is kept.
 */
export class CounterBook {
  readonly #entries = new Map<SlotNumber, Entry>();

  constructor(stored: readonly StoredEntry[] = []) {
    for (const { slot, kept, workers } of stored) {
      this.#entries.set(slot, { kept, workers: new Map(workers.map(({ pid, base, last }) => [pid, { base, last }])) });
    }
  }

  /** Takes in what the living workers say, and resolves to the slot's sums. */
  observe(slot: SlotNumber, seen: ReadonlyMap<number, Sums>): Sums {
    const entry = this.#entry(slot);
    for (const [pid, worker] of entry.workers) {
      const now = seen.get(pid);
      const gone = now === undefined || now.requests < worker.last.requests;
      if (!gone) continue;
      entry.kept = add(entry.kept, subtract(worker.last, worker.base));
      entry.workers.delete(pid);
    }
    let total = entry.kept;
    for (const [pid, last] of seen) {
      const base = entry.workers.get(pid)?.base ?? nothing;
      entry.workers.set(pid, { base, last });
      total = add(total, subtract(last, base));
    }
    return total;
  }

  /** From now on the slot counts from zero. */
  restart(slot: SlotNumber, seen: ReadonlyMap<number, Sums>): void {
    const workers = new Map([...seen].map(([pid, sums]) => [pid, { base: sums, last: sums }]));
    this.#entries.set(slot, { kept: nothing, workers });
  }

  stored(): StoredEntry[] {
    return [...this.#entries].map(([slot, { kept, workers }]) => ({
      slot,
      kept,
      workers: [...workers].map(([pid, { base, last }]) => ({ pid, base, last })),
    }));
  }

  #entry(slot: SlotNumber): Entry {
    const known = this.#entries.get(slot);
    if (known !== undefined) return known;
    const entry = { kept: nothing, workers: new Map() };
    this.#entries.set(slot, entry);
    return entry;
  }
}

function add(a: Sums, b: Sums): Sums {
  return { requests: a.requests + b.requests, failed: a.failed + b.failed };
}

function subtract(a: Sums, b: Sums): Sums {
  return { requests: a.requests - b.requests, failed: a.failed - b.failed };
}
