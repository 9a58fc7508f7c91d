import { CutoverError } from '../../domain/errors.ts';
import { verificationMs } from '../../domain/evidence/verify-rollback.ts';
import type { DesiredDeployment, DesiredWorld, WorldStore } from '../ports/deployment-store.ts';
import type { RuntimeEvent } from '../ports/runtime.ts';
import type { Workshop } from '../workflows/deployment-run.ts';
import { Rest } from '../rest.ts';
import { collectStrays } from './collect-strays.ts';
import { quietUploadMs } from '../ports/uploads.ts';
import { Found } from './found.ts';
import { retireLeft } from './retire-left.ts';
import { noteCrash, tendCrashes } from './tend-crashes.ts';
import { tearDown } from './tear-down.ts';
import { tendInstances } from './tend-instances.ts';
import { tendRoutes } from './tend-routes.ts';

export interface Pass {
  readonly workshop: Workshop;
  readonly world: WorldStore;
  readonly found: Found;
  readonly desired: DesiredWorld;
  /** Of routes: drawn before `desired` was read. */
  readonly revision: number;
  /** The same deployments, by their environment. */
  readonly versions: ReadonlyMap<string, readonly DesiredDeployment[]>;
  readonly signal: AbortSignal;
  /** Does one thing; a failure is reported and keeps nothing else from being done. */
  readonly attempt: (work: () => Promise<unknown>) => Promise<void>;
  /** The same in the background, for what takes its time; at most once at a time for a key. */
  readonly inBackground: (key: string, work: () => Promise<unknown>) => void;
}

interface ReconcilerOptions {
  readonly workshop: Workshop;
  readonly world: WorldStore;
  readonly intervalMs: number;
}

/** As many times the length of a pass is the pause after it, as far as that is longer than nobody would notice. */
const restFactor = 4;
const toleratedMs = 1_000;

/** Compares what should exist with what exists, at start, on every event of the runtime, and every few seconds; and sets it right. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #rest: Rest;
  #signal: AbortSignal = AbortSignal.abort();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#rest = new Rest(options.workshop.ports.clock);
  }

  wake(): void {
    this.#rest.wake();
  }

  /** Something happened to an instance, and nobody expected it. */
  noticed(event: RuntimeEvent): void {
    if (event.type !== 'exited') return this.wake();
    const { workshop, world } = this.#options;
    const signal = this.#signal;
    void this.#try(noteCrash({ workshop, world, signal }, event), signal).finally(() => this.wake());
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const { clock } = this.#options.workshop.ports;
    while (!signal.aborted) {
      const began = clock.monotonic();
      await this.pass(signal).catch((error: unknown) => this.#report(error, signal));
      // Where there is much to compare, and much happens, it is not done without a pause.
      const pauseMs = Math.min((clock.monotonic() - began) * restFactor - toleratedMs, this.#options.intervalMs);
      if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(() => undefined);
      await this.#rest.take(this.#options.intervalMs - Math.max(0, pauseMs), signal);
    }
    await Promise.all(this.#running.values());
  }

  /** One whole comparison. A part that fails is reported and does not keep the others from their work. */
  async pass(signal: AbortSignal): Promise<void> {
    const { workshop, world } = this.#options;
    const { ports } = workshop;
    await Promise.all([
      this.#try(ports.router.ensureRunning(signal), signal),
      this.#try(ports.staticFiles.ensureRunning(signal), signal),
    ]);
    for (const deletion of await world.deletions()) {
      this.#background(deletion.id, () => tearDown({ workshop, world, signal }, deletion), signal);
    }
    // Whether going back has helped is looked into for a while after the end of the observation.
    await this.#try(world.stopTelling(2 * verificationMs), signal);
    const [containers, router, checkouts, uploads] = await Promise.all([
      ports.runtime.list(signal),
      ports.router.snapshot(signal),
      ports.source.owners(),
      ports.uploads.list(quietUploadMs),
    ]);
    const revision = await ports.deployments.drawRevision();
    const desired = await world.desired();
    const pass: Pass = {
      workshop,
      world,
      signal,
      desired,
      revision,
      versions: Map.groupBy(desired.deployments, ({ deployment }) => deployment.environmentId),
      found: new Found({ containers, router, checkouts, uploads }),
      attempt: (work) => this.#try(work(), signal),
      inBackground: (key, work) => this.#background(key, work, signal),
    };
    for (const part of [tendRoutes, tendInstances, tendCrashes, retireLeft, collectStrays])
      await this.#try(part(pass), signal);
    await this.#growPool(desired, signal);
  }

  #background(key: string, work: () => Promise<unknown>, signal: AbortSignal): void {
    if (this.#running.has(key)) return;
    const running = this.#try(work(), signal).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
  }

  /** Before slots run low, and never while something is being deployed. */
  async #growPool(desired: DesiredWorld, signal: AbortSignal): Promise<void> {
    const { router } = this.#options.workshop.ports;
    const capacity = router.capacity();
    const busy = desired.deployments.some(
      ({ deployment }) => deployment.state !== 'completed' && deployment.state !== 'paused',
    );
    if (!busy && desired.slots.length > capacity * 0.8) await this.#try(router.grow(capacity * 2, signal), signal);
  }

  async #try(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
    await work.catch((error: unknown) => this.#report(error, signal));
  }

  #report(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const code = error instanceof CutoverError ? error.code : 'internal';
    const detail = error instanceof Error && code === 'internal' ? error.stack : String(error);
    this.#options.workshop.log.warn({ code, error: detail }, 'reconciliation could not be finished, to be tried again');
  }
}
