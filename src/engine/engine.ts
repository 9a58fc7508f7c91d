import { Worker } from './journal/worker.ts';
import { Changes } from './observe/changes.ts';
import { InstanceLogs } from './observe/instance-logs.ts';
import { InstanceWatch } from './observe/instance-watch.ts';
import type { WorldStore } from './ports/deployment-store.ts';
import type { OperatorLog, Ports } from './ports/ports.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { RouteFollower } from './reconcile/route-follower.ts';
import { buildPlaces } from './workflows/build-places.ts';
import { leadDeployment } from './workflows/deploy.ts';
import type { Workshop } from './workflows/deployment-run.ts';

export interface EngineOptions {
  readonly ports: Ports;
  readonly world: WorldStore;
  readonly log: OperatorLog;
  /** Number of this process; see `WakeupSession`. */
  readonly owner: number;
  readonly leaseMs: number;
  /** Deployments led side by side. */
  readonly concurrency: number;
  readonly buildsAtOnce: number;
  readonly buildTimeoutMs: number;
  readonly imageLabels: Readonly<Record<string, string>>;
  readonly urlOf: (host: string) => string;
  readonly reconcileIntervalMs: number;
}

/** What happens next, also after a crash: leads deployments, watches instances, and sets right what is not as it should be. */
export class Engine {
  readonly changes: Changes;
  readonly #worker: Worker;
  readonly #reconciler: Reconciler;
  readonly #watch: InstanceWatch;
  readonly #instanceLogs: InstanceLogs;

  constructor(options: EngineOptions) {
    const { ports, log, world } = options;
    const { clock, runtime, logs, deployments } = ports;
    this.changes = new Changes(clock);
    this.#instanceLogs = new InstanceLogs({ runtime, logs, clock, log });
    this.#watch = new InstanceWatch({ runtime, clock, log, onEvent: () => this.#reconciler.wake() });
    const workshop: Workshop = {
      ports,
      log,
      routes: new RouteFollower(deployments, ports.router),
      watch: this.#watch,
      instanceLogs: this.#instanceLogs,
      buildTimeoutMs: options.buildTimeoutMs,
      imageLabels: options.imageLabels,
      urlOf: options.urlOf,
      takeBuildPlace: buildPlaces(options.buildsAtOnce),
    };
    this.#reconciler = new Reconciler({ workshop, world, intervalMs: options.reconcileIntervalMs });
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
    this.#worker.wake();
  }

  /** Something is to be deleted. */
  wakeReconciler(): void {
    this.#reconciler.wake();
  }

  /** Works until aborted, then lets go of everything without taking anything back. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#worker.run(signal), this.#reconciler.run(signal), this.#watch.run(signal)]);
    await this.#instanceLogs.close();
  }
}
