import type { Ports } from '../../src/engine/ports/ports.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import type { MemoryStores } from './memory/store/stores.ts';
import { overriding } from './overriding.ts';

/** What a control plane works with. */
export interface Parts {
  readonly stores: MemoryStores;
  readonly drivers: Omit<Ports, 'deployments' | 'clock'>;
  readonly database: MemoryDatabase;
  /** The ports as the engine gets them, each call of which something may befall; default: as they are. */
  readonly asSeen?: (ports: Ports) => Ports;
}

const forEver = new AbortController().signal;

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
          wanted: (leases) =>
            deployments.wanted(
              leases.map((lease) => ({ ...lease, epoch: current(lease.deploymentId) ?? lease.epoch })),
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
  'the journal after the act': ({ database, ...parts }) => ({
    ...parts,
    database,
    asSeen: (ports) => ({
      ...ports,
      deployments: {
        ...ports.deployments,
        write: async (lease, write) => {
          const hosts = database.environments.get(lease.environmentId)?.environment.hosts ?? [];
          if (write.route != null) await ports.router.setRoute(hosts, write.route, forEver);
          await ports.deployments.write(lease, write);
        },
      },
    }),
  }),
  'secrets in its logs': ({ drivers, ...parts }) => ({
    ...parts,
    drivers: {
      ...drivers,
      logs: overriding(drivers.logs, { open: (name) => drivers.logs.open(name, (text) => text) }),
    },
  }),
  'no look whether the route was set': ({ drivers, ...parts }) => {
    let calls = 0;
    return {
      ...parts,
      drivers: {
        ...drivers,
        router: overriding(drivers.router, {
          setRoute: (hosts, target, signal, revision) => {
            calls += 1;
            return calls % 4 === 0 ? Promise.resolve() : drivers.router.setRoute(hosts, target, signal, revision);
          },
        }),
      },
    };
  },
} as const satisfies Readonly<Record<string, Sabotage>>;
