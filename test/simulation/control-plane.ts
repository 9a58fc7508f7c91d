import type { Commands } from '../../src/engine/commands/commands.ts';
import { deploymentCommands } from '../../src/engine/commands/deployments.ts';
import { environmentCommands } from '../../src/engine/commands/environments.ts';
import { projectCommands } from '../../src/engine/commands/projects.ts';
import { variableCommands } from '../../src/engine/commands/variables.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { DeploymentStore } from '../../src/engine/ports/deployment-store.ts';
import type { OperatorLog, Ports } from '../../src/engine/ports/ports.ts';
import { artifactCheck } from '../../src/engine/workflows/artifact-check.ts';
import { faultyPort, type Fate } from './faulty-port.ts';
import { memoryDrivers } from './memory/drivers.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import { memoryStores } from './memory/store/stores.ts';
import type { MemoryWorld } from './memory/world.ts';
import { createSeededRandom, type SeededChance } from './random.ts';
import { recordFirst } from './record-first.ts';
import type { Parts, Sabotage } from './sabotage.ts';

/** As in production. */
const leaseMs = 10_000;
const reconcileIntervalMs = 10_000;
const baseDomain = 'example.test';

export interface Surroundings {
  readonly world: MemoryWorld;
  readonly database: MemoryDatabase;
  readonly chance: SeededChance;
  /** What is broken in the platform; null: nothing that anybody knows of. */
  readonly sabotage: Sabotage | null;
}

export interface ControlPlaneOptions {
  /** Number of this process. */
  readonly owner: number;
  readonly fate: Fate;
  readonly log: OperatorLog;
  /** Called when a deployment was changed under a lease that had passed to somebody else. */
  readonly onBreach: (deploymentId: string) => void;
  /** Called when something was done that nothing on record says. */
  readonly onUnrecorded: (what: string) => void;
}

type UsedCommands = Pick<Commands, 'projects' | 'environments' | 'variables' | 'deployments'>;
type Wiring = ReturnType<typeof wire>;

/** The real engine and the real commands over ports that live in memory, in a process that may die at any call. */
export class ControlPlane {
  readonly owner: number;
  readonly fate: Fate;
  readonly commands: UsedCommands;
  readonly #engine: Engine;
  readonly #database: MemoryDatabase;
  readonly #stopping = new AbortController();

  constructor(surroundings: Surroundings, options: ControlPlaneOptions) {
    this.owner = options.owner;
    this.fate = options.fate;
    this.#database = surroundings.database;
    const wiring = wire(surroundings, options);
    this.#engine = engineOf(wiring, options);
    this.commands = commandsOf(wiring, this.#engine);
    this.fate.process.death.addEventListener('abort', () => this.#database.endSession(this.owner), { once: true });
  }

  /** Resolves when it has been shut down; never when it is killed. */
  async run(): Promise<void> {
    this.listen();
    await this.#engine.run(this.#stopping.signal);
    this.#database.endSession(this.owner);
  }

  /** Its session with the database; to be called again when the database is back. */
  listen(): void {
    if (this.fate.process.isDead || this.#stopping.signal.aborted || this.fate.isGone('database')) return;
    if (this.#database.sessions.has(this.owner)) return;
    this.#database.sessions.open({
      owner: this.owner,
      onWakeup: (id) => this.fate.process.pass(() => this.#engine.wake(id)),
    });
  }

  shutDown(): void {
    this.fate.process.pass(() => this.#stopping.abort(new Error('shut down')));
  }
}

/** Everything that it works with, as it sees it. */
function wire(
  { world, database, chance, sabotage }: Surroundings,
  { owner, fate, onBreach, onUnrecorded }: ControlPlaneOptions,
) {
  const { clock } = fate.process;
  const random = createSeededRandom(chance, () => clock.now());
  const whole: Parts = {
    database,
    drivers: memoryDrivers(world, { clock: fate.clock, random, life: fate.process.death }),
    stores: memoryStores(database, { clock: fate.clock, owner }),
  };
  const { drivers, stores, asSeen = asTheyAre } = sabotage === null ? whole : sabotage(whole);
  const acting = recordFirst(
    { deployments: watched(stores.deployments, database, onBreach), runtime: drivers.runtime, router: drivers.router },
    database,
    onUnrecorded,
  );
  const port = <T extends object>(name: string, target: T) => faultyPort(target, { fate, port: name });
  const ports = asSeen({
    runtime: faultyPort(acting.runtime, { fate, port: 'runtime', streams: ['output', 'events'] }),
    router: faultyPort(acting.router, {
      fate,
      port: 'router',
      streams: ['outcomes', 'awaited'],
      direct: ['capacity', 'canHold'],
    }),
    source: port('source', drivers.source),
    planner: port('planner', drivers.planner),
    builder: port('builder', drivers.builder),
    appConfig: port('appConfig', drivers.appConfig),
    staticFiles: port('staticFiles', drivers.staticFiles),
    imageIntake: port('imageIntake', drivers.imageIntake),
    uploads: port('uploads', drivers.uploads),
    prober: port('prober', drivers.prober),
    logs: faultyPort(drivers.logs, { fate, port: 'logs', streams: ['read'] }),
    deployments: port('database', acting.deployments),
    secretBox: drivers.secretBox,
    clock,
    random,
  });
  const configuration = {
    projects: port('configuration', stores.configuration.projects),
    environments: port('configuration', stores.configuration.environments),
    variables: port('configuration', stores.configuration.variables),
    credentials: port('configuration', stores.configuration.credentials),
    registries: stores.configuration.registries,
    tokens: stores.configuration.tokens,
  };
  return {
    ports,
    configuration,
    queries: port('queries', stores.queries),
    world: port('records', stores.world),
    observations: port('observations', stores.observations),
    sleep: port('records', stores.sleep),
  };
}

function asTheyAre(ports: Ports): Ports {
  return ports;
}

/** Rule 2.4: whoever has lost the lease writes nothing, whatever he believes. */
function watched(
  store: DeploymentStore,
  database: MemoryDatabase,
  onBreach: ControlPlaneOptions['onBreach'],
): DeploymentStore {
  return {
    ...store,
    async write(lease, write) {
      const epoch = database.deployments.get(lease.deploymentId)?.epoch;
      await store.write(lease, write);
      if (epoch !== lease.epoch) onBreach(lease.deploymentId);
    },
  };
}

function engineOf({ ports, queries, world, observations, sleep }: Wiring, { owner, log }: ControlPlaneOptions): Engine {
  const { deployments, random, secretBox } = ports;
  return new Engine({
    ports,
    world,
    observations,
    sleep,
    rerun: { deployments, queries, random, secretBox },
    log,
    owner,
    leaseMs,
    concurrency: 8,
    buildsAtOnce: 2,
    buildTimeoutMs: 60_000,
    imageLabels: { 'cutover.platform': 'simulated' },
    urlOf,
    reconcileIntervalMs,
  });
}

function commandsOf({ ports, configuration, queries }: Wiring, engine: Engine): UsedCommands {
  const { random, secretBox, deployments, logs, clock, router } = ports;
  const configuring = {
    store: configuration,
    random,
    baseDomain,
    publicHost: 'cutover.example.test',
    checkRepository: accepted,
    isReadByApp: async () => false,
    checkBranch: accepted,
    wake: () => engine.wakeReconciler(),
  };
  return {
    projects: projectCommands(configuring),
    environments: environmentCommands(configuring),
    variables: variableCommands({ store: configuration, random, secretBox }),
    deployments: deploymentCommands({
      configuration,
      deployments,
      queries,
      changes: engine.changes,
      logs,
      clock,
      random,
      secretBox,
      artifacts: artifactCheck(ports),
      uploads: ports.uploads,
      router,
      urlOf,
      checkBranch: accepted,
      wake: () => engine.wake(''),
    }),
  };
}

/** What people type in is right in a simulation. */
function accepted(): void {}

function urlOf(host: string): string {
  return `http://${host}`;
}
