import { lookEveryMs, noteUse, type Use } from '../../domain/sleep.ts';
import { isAsleep } from '../../domain/route.ts';
import type { SleepStore, Sleeper } from '../ports/sleep-store.ts';
import type { Workshop } from '../workflows/deployment-run.ts';
import { Rest } from '../rest.ts';
import { WakeListener } from './wake-listener.ts';

interface SleepKeeperOptions {
  readonly workshop: Workshop;
  readonly store: SleepStore;
}

const lookMs = 10_000;
const leastLookMs = 100;
/** While something waits to be tried again. */
const forgiveMs = 1_000;

interface Known {
  readonly use: Use;
  readonly lookedAt: number;
}

/**
 * Puts to sleep what nobody uses, and has it woken when somebody comes (rule 6). What it knows of use it knows for itself: after a restart
 * everything is taken to have been used just now. While nothing sleeps it listens to nobody.
 */
export class SleepKeeper {
  readonly #options: SleepKeeperOptions;
  readonly #listener: WakeListener;
  readonly #rest: Rest;
  /** By the deployment that serves. */
  readonly #known = new Map<string, Known>();
  #pauseMs = lookMs;

  constructor(options: SleepKeeperOptions) {
    this.#options = options;
    const { ports, log } = options.workshop;
    this.#rest = new Rest(ports.clock);
    this.#listener = new WakeListener({ router: ports.router, clock: ports.clock, log, store: options.store });
  }

  /** Something may have fallen asleep, or be allowed to. */
  wake(): void {
    this.#rest.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { ports, log } = this.#options.workshop;
    if (!ports.router.canHold())
      return log.info({}, 'this router cannot let requests wait, so nothing is put to sleep');
    while (!signal.aborted) {
      await this.#attempt(() => this.#look(signal), signal);
      await this.#rest.take(this.#pauseMs, signal);
    }
    await this.#listener.close();
  }

  /** What goes wrong with one keeps nobody from the others. */
  async #attempt(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      const { log } = this.#options.workshop;
      log.warn({ error: String(error) }, 'what sleeps could not be seen to, to be tried again');
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const sleepers = await store.sleepers();
    this.#listener.listenWhile(
      sleepers.some(({ mode }) => isAsleep({ mode })),
      signal,
    );
    const unwoken = sleepers.some(({ mode }) => mode === 'unwoken');
    if (unwoken) await this.#attempt(() => this.#forgive(signal), signal);
    const awake = sleepers.filter(({ mode, sleepAfterMs }) => mode === 'serve' && sleepAfterMs !== null);
    const awakeIds = new Set(awake.map(({ deploymentId }) => deploymentId));
    for (const id of this.#known.keys()) if (!awakeIds.has(id)) this.#known.delete(id);
    for (const sleeper of awake)
      await this.#attempt(async () => {
        this.#known.set(sleeper.deploymentId, await this.#lookAt(sleeper, signal));
      }, signal);
    const shortest = Math.min(...awake.map(({ sleepAfterMs }) => lookEveryMs(sleepAfterMs ?? Infinity)));
    this.#pauseMs = Math.max(leastLookMs, Math.min(unwoken ? forgiveMs : lookMs, shortest));
  }

  async #forgive(signal: AbortSignal): Promise<void> {
    const { routes } = this.#options.workshop;
    for (const environmentId of await this.#options.store.forgiveFailedWakes())
      await routes.follow(environmentId, signal);
  }

  async #lookAt({ deploymentId, slot, sleepAfterMs }: Sleeper, signal: AbortSignal): Promise<Known> {
    const { clock, router } = this.#options.workshop.ports;
    const before = this.#known.get(deploymentId) ?? null;
    const limitMs = sleepAfterMs ?? Infinity;
    const now = clock.monotonic();
    if (before !== null && now - before.lookedAt < lookEveryMs(limitMs)) return before;
    const { requests } = await router.counters(slot, signal);
    const use = noteUse(before?.use ?? null, { requests, open: await router.inFlight(slot, null, signal) }, now);
    const asked = now - use.usedAt >= limitMs && (await this.#options.store.requestSleep(deploymentId));
    // Where it stays awake after all, it is asked once more when it could sleep again.
    return { use: asked ? { ...use, usedAt: now } : use, lookedAt: now };
  }
}
