import type { Clock } from '../ports/clock.ts';
import type { DeploymentStore } from '../ports/deployment-store.ts';
import type { Ports } from '../ports/ports.ts';
import type { Router } from '../ports/router.ts';

/** The row that was read so long ago may have been written again. */
const promptMs = 1_000;

/**
 * Makes the router follow the row in the database that says where an environment's traffic goes. One change at a time per
 * environment, and each reads the row anew, so that a late follower can never bring back an older route; one of another process, or
 * whose call is late, is refused by the revision of what it read.
 */
export class RouteFollower {
  readonly #store: DeploymentStore;
  readonly #router: Router;
  readonly #clock: Clock;
  readonly #queues = new Map<string, Promise<void>>();

  constructor({ deployments, router, clock }: Pick<Ports, 'deployments' | 'router' | 'clock'>) {
    this.#store = deployments;
    this.#router = router;
    this.#clock = clock;
  }

  /** Resolves when the router serves what the row says. */
  async follow(environmentId: string, signal: AbortSignal): Promise<void> {
    const before = this.#queues.get(environmentId) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => this.#apply(environmentId, signal));
    this.#queues.set(environmentId, turn);
    try {
      await turn;
    } finally {
      if (this.#queues.get(environmentId) === turn) this.#queues.delete(environmentId);
    }
  }

  /** Whoever stood still in between may have set what was right before: then the row is read once more. */
  async #apply(environmentId: string, signal: AbortSignal): Promise<void> {
    for (let began = -Infinity; this.#clock.monotonic() - began > promptMs;) {
      began = this.#clock.monotonic();
      const route = await this.#store.route(environmentId);
      if (route === null) return;
      if (route.target === null) await this.#remove(environmentId, signal);
      else {
        // First, so that nobody gets in without what is asked for.
        if (route.guard !== null) await this.#router.setGuard(route.hosts, route.guard, signal);
        await this.#router.setRoute(route.hosts, route.target, signal, route.revision ?? undefined);
      }
    }
  }

  /** What has no row has no number: one is drawn, and then it is made sure that there is still none. */
  async #remove(environmentId: string, signal: AbortSignal): Promise<void> {
    const revision = await this.#store.drawRevision();
    const route = await this.#store.route(environmentId);
    if (route?.target === null) await this.#router.removeRoute(route.hosts, signal, revision);
  }
}
