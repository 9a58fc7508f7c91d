import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { Runtime, RuntimeEvent } from '../ports/runtime.ts';

interface InstanceWatchOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: OperatorLog;
  /** Called for every event: an address may have changed. */
  readonly onEvent: (event: RuntimeEvent) => void;
}

/** Nobody reads it, and one for all costs less than one with a stack each. */
const wokenUp = new Error('something happened to the instance');
const lateMs = 2_000;

/** Listens to what happens to instances, so that nobody has to poll to learn of an exit. */
export class InstanceWatch {
  readonly #options: InstanceWatchOptions;
  readonly #sleepers = new Map<string, Set<AbortController>>();
  readonly #expected = new Map<string, number>();
  /** Until when, on the monotonic clock, it may still be told that it was started, in the order in which nobody expects it any more. */
  readonly #late = new Map<string, number>();

  constructor(options: InstanceWatchOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { runtime, clock, log, onEvent } = this.#options;
    while (!signal.aborted) {
      try {
        for await (const event of runtime.events(signal)) {
          if (event.type === 'relist') this.#wakeAll();
          else if (event.type === 'exited') this.#wake(event.instanceId);
          if (event.type === 'relist' || this.#isNews(event)) onEvent(event);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: String(error) }, 'the event stream of the runtime broke');
      }
      await clock.sleep(1_000, signal).catch(() => undefined);
    }
  }

  /** Whoever starts or stops an instance says so: until disposed of, what happens to it is news to nobody else. */
  expect(instanceId: string): Disposable {
    this.#expected.set(instanceId, (this.#expected.get(instanceId) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#expected.get(instanceId) ?? 1) - 1;
        if (left !== 0) return void this.#expected.set(instanceId, left);
        this.#expected.delete(instanceId);
        this.#expectLateNews(instanceId);
      },
    };
  }

  #expectLateNews(instanceId: string): void {
    const now = this.#options.clock.monotonic();
    for (const [id, until] of this.#late) {
      if (until > now) break;
      this.#late.delete(id);
    }
    this.#late.delete(instanceId);
    this.#late.set(instanceId, now + lateMs);
  }

  /** That it was started comes a moment after whoever started it has gone on; a start after an exit is another one. */
  #isNews({ type, instanceId }: Exclude<RuntimeEvent, { readonly type: 'relist' }>): boolean {
    if (this.isExpected(instanceId)) return false;
    const isLate = (this.#late.get(instanceId) ?? -Infinity) > this.#options.clock.monotonic();
    if (type === 'started' && isLate) return false;
    this.#late.delete(instanceId);
    return true;
  }

  /** Somebody is starting or stopping it just now. */
  isExpected(instanceId: string): boolean {
    return this.#expected.has(instanceId);
  }

  /**
   * Sleeps, but not past an exit of this instance, as far as there may have been one: resolves to whether that was so. Rejects with the
   * signal's reason when aborted.
   */
  async sleep(instanceId: string, ms: number, signal: AbortSignal): Promise<boolean> {
    if (ms <= 0) return false;
    const woken = new AbortController();
    const sleepers = this.#sleepers.get(instanceId) ?? new Set();
    this.#sleepers.set(instanceId, sleepers.add(woken));
    try {
      await this.#options.clock.sleep(ms, AbortSignal.any([signal, woken.signal]));
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      sleepers.delete(woken);
      if (sleepers.size === 0) this.#sleepers.delete(instanceId);
    }
    return woken.signal.aborted;
  }

  #wake(instanceId: string): void {
    for (const sleeper of this.#sleepers.get(instanceId) ?? []) sleeper.abort(wokenUp);
  }

  #wakeAll(): void {
    for (const instanceId of this.#sleepers.keys()) this.#wake(instanceId);
  }
}
