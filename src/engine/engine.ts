import { Worker } from './journal/worker.ts';
import { Changes } from './observe/changes.ts';
import { InstanceLogs } from './observe/instance-logs.ts';
import { InstanceWatch } from './observe/instance-watch.ts';
import { Observer } from './observe/observer.ts';
import { UnobservedUse } from './observe/unobserved-use.ts';
import type { RerunDependencies } from './commands/create-rerun.ts';
import type { ObservationStore } from './ports/observation-store.ts';
import type { RuntimeEvent } from './ports/runtime.ts';
import type { WorldStore } from './ports/deployment-store.ts';
import type { OperatorLog, Ports } from './ports/ports.ts';
import type { SleepStore } from './ports/sleep-store.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { RouteFollower } from './reconcile/route-follower.ts';
import { SleepKeeper } from './reconcile/sleep-keeper.ts';
import { buildPlaces } from './workflows/build-places.ts';
import { leadDeployment } from './workflows/deploy.ts';
import type { Workshop } from './workflows/deployment-run.ts';

export interface EngineOptions {
  readonly ports: Ports;
  readonly world: WorldStore;
  readonly observations: ObservationStore;
  /** Without it nothing is put to sleep. */
  readonly sleep?: SleepStore;
  readonly rerun: Omit<RerunDependencies, 'wake'>;
  readonly log: OperatorLog;
  /** Number of this process; see `WakeupSession`. */
  readonly owner: number;
  readonly leaseMs: number;
  /** Deployments led side by side. */
  readonly concurrency: number;
  readonly buildsAtOnce: number;
  readonly buildTimeoutMs: number;
  /** What the platform itself shows to builds and nobody may read in a log; by default nothing. */
  readonly secretValues?: readonly string[];
  readonly imageLabels: Readonly<Record<string, string>>;
  readonly urlOf: (host: string) => string;
  readonly reconcileIntervalMs: number;
  /** Throws `disk_low` where there is too little room to begin a build; by default there always is enough. */
  readonly requireRoom?: (signal: AbortSignal) => Promise<void>;
  /** Told of every deployment that is completed. */
  readonly onCompleted?: () => void;
}

/** What happens next, also after a crash: leads deployments, watches instances, and sets right what is not as it should be. */
export class Engine {
  readonly changes: Changes;
  readonly #worker: Worker;
  readonly #reconciler: Reconciler;
  readonly #watch: InstanceWatch;
  readonly #observer: Observer;
  readonly #sleepKeeper: SleepKeeper | null;
  readonly #instanceLogs: InstanceLogs;
  readonly #unobserved: UnobservedUse;

  constructor(options: EngineOptions) {
    const { ports, log, world } = options;
    const { clock, runtime, logs, deployments } = ports;
    this.changes = new Changes(clock);
    this.#instanceLogs = new InstanceLogs({ runtime, logs, clock, log });
    this.#watch = new InstanceWatch({ runtime, clock, log, onEvent: (event) => this.#onEvent(event) });
    this.#unobserved = new UnobservedUse({ runtime, clock, log, observations: options.observations });
    const workshop: Workshop = {
      ports,
      log,
      routes: new RouteFollower(ports),
      watch: this.#watch,
      instanceLogs: this.#instanceLogs,
      buildTimeoutMs: options.buildTimeoutMs,
      secretValues: options.secretValues ?? [],
      imageLabels: options.imageLabels,
      urlOf: options.urlOf,
      takeBuildPlace: buildPlaces(options.buildsAtOnce),
      wakeObserver: () => this.#observer.wake(),
      wakeSleepKeeper: () => this.#sleepKeeper?.wake(),
      measureUnobserved: (record) => this.#unobserved.measure(record),
      requestsPerSecond: (slot) => this.#observer.memory.requestsPerSecond(slot, clock.monotonic()),
      requireRoom: options.requireRoom ?? (() => Promise.resolve()),
      onCompleted: () => {
        options.onCompleted?.();
        this.#sleepKeeper?.wake();
      },
    };
    this.#reconciler = new Reconciler({ workshop, world, intervalMs: options.reconcileIntervalMs });
    const { sleep: store } = options;
    this.#sleepKeeper = store === undefined ? null : new SleepKeeper({ workshop, store });
    this.#observer = new Observer({
      workshop,
      owner: options.owner,
      leaseMs: options.leaseMs,
      observations: options.observations,
      rerun: { ...options.rerun, wake: () => this.#worker.wake('') },
    });
    this.#worker = new Worker({
      store: deployments,
      clock,
      log,
      owner: options.owner,
      leaseMs: options.leaseMs,
      concurrency: options.concurrency,
      lead: (held) => leadDeployment(workshop, held),
    });
  }

  /** Something changed in the database: '' or the id of a deployment. */
  wake(deploymentId: string): void {
    this.changes.notify(deploymentId);
    this.#worker.wake(deploymentId);
    this.#observer.wakeFor(deploymentId);
  }

  /** Something is to be deleted, or was set otherwise. */
  wakeReconciler(): void {
    this.#reconciler.wake();
    this.#sleepKeeper?.wake();
  }

  /** Works until aborted, then lets go of everything without taking anything back. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#worker.run(signal),
      this.#reconciler.run(signal),
      this.#watch.run(signal),
      this.#observer.run(signal),
      this.#sleepKeeper?.run(signal),
    ]);
    await this.#unobserved.close();
    await this.#instanceLogs.close();
  }

  #onEvent(event: RuntimeEvent): void {
    this.#observer.noticed(event);
    this.#reconciler.noticed(event);
  }
}
