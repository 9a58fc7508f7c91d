import type { Uptime } from '../../src/domain/uptime.ts';
import type { MachineClock } from '../../src/engine/ports/clock.ts';

interface Sleeper {
  /** Of the monotonic clock. */
  readonly at: number;
  /** Of two that wake at the same moment, whoever lay down first. */
  readonly order: number;
  wake: (() => void) | null;
}

/** Sunday, 1 January 2023, 00:00 UTC. */
const beginning = 1_672_531_200_000;

/**
 * Time that passes only when it is told to: nothing waits for it, and two runs of one history are alike to the last call. Sleeps wake in
 * the order of their deadlines, at whole milliseconds, never before.
 */
export class VirtualClock implements MachineClock {
  #elapsed = 0;
  #offset = beginning;
  #boots = 1;
  #bootedAt = 0;
  #orders = 0;
  readonly #heap: Sleeper[] = [];

  now(): number {
    return this.#offset + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  uptime(): Uptime {
    return { boot: String(this.#boots), ms: this.#elapsed - this.#bootedAt };
  }

  /** The machine is started again. */
  boot(): void {
    this.#boots += 1;
    this.#bootedAt = this.#elapsed;
  }

  /** The wall clock is set forward or back; the monotonic one is not. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** `pass`: whoever sleeps may be kept from waking. */
  sleep(ms: number, signal: AbortSignal, pass: (work: () => void) => void = atOnce): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(reasonOf(signal));
        return;
      }
      const disturb = () => {
        sleeper.wake = null;
        pass(() => reject(reasonOf(signal)));
      };
      const sleeper = this.#lieDown(ms, () => {
        signal.removeEventListener('abort', disturb);
        pass(resolve);
      });
      signal.addEventListener('abort', disturb, { once: true });
    });
  }

  /** Calls back after so long; no signal ends that. */
  at(ms: number, wake: () => void): void {
    this.#lieDown(ms, wake);
  }

  /** Time passes until the next sleeper wakes, at most until `limit` (monotonic). False: there was none, and it is `limit` now. */
  advance(limit: number): boolean {
    for (let next = this.#heap[0]; next !== undefined && next.at <= limit; next = this.#heap[0]) {
      pop(this.#heap);
      const { wake } = next;
      if (wake === null) continue;
      this.#elapsed = next.at;
      next.wake = null;
      wake();
      return true;
    }
    this.#elapsed = limit;
    return false;
  }

  #lieDown(ms: number, wake: () => void): Sleeper {
    this.#orders += 1;
    // Timers know whole milliseconds, and none of less than one.
    const sleeper = { at: this.#elapsed + Math.max(1, Math.ceil(ms)), order: this.#orders, wake };
    push(this.#heap, sleeper);
    return sleeper;
  }
}

/**
 * Resolves when nothing is left that could run without time passing: ticks come after all promises that are settled. There is no I/O
 * and no timer in a history, so nothing else can be on its way.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** As whoever awaits `settled`, with less to do each time. What is called must not throw. */
export function whenSettled(work: () => void): void {
  process.nextTick(afterAll, work);
}

const past = Promise.resolve();

function afterAll(work: () => void): void {
  void past.then(work);
}

function atOnce(work: () => void): void {
  work();
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

function isBefore(a: Sleeper, b: Sleeper): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Sleeper[], sleeper: Sleeper): void {
  let index = heap.push(sleeper) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(sleeper, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = sleeper;
}

/** Takes the first one out. */
function pop(heap: Sleeper[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const child = smallerChild(heap, index);
    const below = child === null ? undefined : heap[child];
    if (child === null || below === undefined || !isBefore(below, last)) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = last;
}

function smallerChild(heap: readonly Sleeper[], index: number): number | null {
  const left = 2 * index + 1;
  const first = heap[left];
  const second = heap[left + 1];
  if (first === undefined) return null;
  return second !== undefined && isBefore(second, first) ? left + 1 : left;
}
