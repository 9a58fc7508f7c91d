import type { SlotNumber } from '../../domain/route.ts';
import type { RouterSnapshot } from '../ports/router.ts';
import type { InstanceStatus } from '../ports/runtime.ts';

type FoundServer = RouterSnapshot['servers'][number];

/** What was found in the world, read before what should be there: whatever is created in between has its row already. */
export class Found {
  readonly containers: readonly InstanceStatus[];
  readonly router: RouterSnapshot;
  readonly checkouts: readonly string[];
  /** Ids of those that nobody writes to any more. */
  readonly uploads: readonly string[];
  readonly #byInstance: ReadonlyMap<string, InstanceStatus>;
  readonly #bySlot: ReadonlyMap<SlotNumber, readonly FoundServer[]>;

  constructor({
    containers,
    router,
    checkouts,
    uploads,
  }: Pick<Found, 'containers' | 'router' | 'checkouts' | 'uploads'>) {
    this.containers = containers;
    this.router = router;
    this.checkouts = checkouts;
    this.uploads = uploads;
    this.#byInstance = new Map(containers.map((container) => [container.instanceId, container]));
    this.#bySlot = Map.groupBy(router.servers, ({ slot }) => slot);
  }

  container(instanceId: string): InstanceStatus | undefined {
    return this.#byInstance.get(instanceId);
  }

  serversIn(slot: SlotNumber): readonly FoundServer[] {
    return this.#bySlot.get(slot) ?? [];
  }
}
