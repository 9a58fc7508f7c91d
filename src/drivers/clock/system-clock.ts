import { readFileSync } from 'node:fs';
import type { MachineClock } from '../../engine/ports/clock.ts';

/** Node's timers fire at once beyond this. */
const longestTimerMs = 2 ** 31 - 1;

/** Linux counts `hrtime` from the start of the machine, for all processes alike. */
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

export const systemClock: MachineClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => ({ boot, ms: Number(process.hrtime.bigint()) / 1e6 }),
  sleep: async (ms, signal) => {
    for (let left = ms; ; left -= longestTimerMs) {
      await sleepOnce(Math.max(0, Math.min(left, longestTimerMs)), signal);
      if (left <= longestTimerMs) return;
    }
  },
};

async function sleepOnce(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const slept = Promise.withResolvers<void>();
  const abort = () => slept.reject(signal.reason);
  const timer = setTimeout(() => slept.resolve(), ms);
  const sleeping = sleepersOf(signal);
  sleeping.add(abort);
  try {
    await slept.promise;
  } finally {
    clearTimeout(timer);
    sleeping.delete(abort);
  }
}

const sleepers = new WeakMap<AbortSignal, Sleepers>();

function sleepersOf(signal: AbortSignal): Sleepers {
  const known = sleepers.get(signal) ?? new Sleepers(signal);
  sleepers.set(signal, known);
  return known;
}

/** All who sleep by one signal, with one listener for all: a signal looks through those that it has for each that is added. */
class Sleepers {
  readonly #signal: AbortSignal;
  readonly #aborts = new Set<() => void>();
  readonly #wake = () => {
    for (const abort of this.#aborts) abort();
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(abort: () => void): void {
    if (this.#aborts.size === 0) this.#signal.addEventListener('abort', this.#wake, { once: true });
    this.#aborts.add(abort);
  }

  delete(abort: () => void): void {
    this.#aborts.delete(abort);
    if (this.#aborts.size === 0) this.#signal.removeEventListener('abort', this.#wake);
  }
}
