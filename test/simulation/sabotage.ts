import type { Ports } from '../../src/engine/ports/ports.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import type { MemoryStores } from './memory/store/stores.ts';

/** What a control plane works with. */
export interface Parts {
  readonly stores: MemoryStores;
  readonly drivers: Omit<Ports, 'deployments' | 'clock'>;
  readonly database: MemoryDatabase;
}

/** A fault in the platform itself, made by hand: what a simulation must find if it is worth anything. */
export type Sabotage = (parts: Parts) => Parts;

/** The name says what is left out. */
export const sabotages = {
  'no fencing check': ({ stores, database, ...parts }) => {
    const { deployments } = stores;
    const current = (id: string) => database.deployments.get(id)?.epoch;
    return {
      ...parts,
      database,
      stores: {
        ...stores,
        deployments: {
          ...deployments,
          write: (lease, write) =>
            deployments.write({ ...lease, epoch: current(lease.deploymentId) ?? lease.epoch }, write),
          heartbeat: (leases, leaseMs) =>
            deployments.heartbeat(
              leases.map((lease) => ({ ...lease, epoch: current(lease.deploymentId) ?? lease.epoch })),
              leaseMs,
            ),
        },
      },
    };
  },
  'no idempotency key': ({ stores, ...parts }) => ({
    ...parts,
    stores: {
      ...stores,
      deployments: {
        ...stores.deployments,
        create: (input) => stores.deployments.create({ ...input, idempotency: null }),
      },
    },
  }),
  'no collector of orphans': ({ drivers, database, stores }) => ({
    stores,
    database,
    drivers: {
      ...drivers,
      runtime: overriding(drivers.runtime, {
        list: async (signal) =>
          (await drivers.runtime.list(signal)).filter(({ instanceId }) => {
            const phase = database.instances.get(instanceId)?.phase ?? 'stopped';
            return phase !== 'stopped' && phase !== 'failed';
          }),
      }),
      router: overriding(drivers.router, {
        snapshot: async (signal) => {
          const found = await drivers.router.snapshot(signal);
          const owned = new Set(database.slots.all().map(({ number }) => number));
          return { ...found, servers: found.servers.filter(({ slot }) => owned.has(slot)) };
        },
      }),
    },
  }),
  'no drain before the kill': ({ drivers, ...parts }) => ({
    ...parts,
    drivers: { ...drivers, router: overriding(drivers.router, { inFlight: () => Promise.resolve(0) }) },
  }),
  'no look whether the route was set': ({ drivers, ...parts }) => {
    let calls = 0;
    return {
      ...parts,
      drivers: {
        ...drivers,
        router: overriding(drivers.router, {
          setRoute: (hosts, target, signal) => {
            calls += 1;
            return calls % 4 === 0 ? Promise.resolve() : drivers.router.setRoute(hosts, target, signal);
          },
        }),
      },
    };
  },
} as const satisfies Readonly<Record<string, Sabotage>>;

/** Of an object whose methods are those of its class. */
function overriding<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(of, key) {
      if (key in changes) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(of, key);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}
