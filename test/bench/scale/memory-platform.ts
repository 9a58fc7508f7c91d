import { randomInt } from 'node:crypto';
import { systemClock } from '../../../src/drivers/clock/system-clock.ts';
import { systemRandom } from '../../../src/drivers/clock/system-random.ts';
import { deploymentCommands } from '../../../src/engine/commands/deployments.ts';
import type { DeploymentCommands } from '../../../src/engine/commands/commands.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { Watchdog } from '../../../src/engine/observe/invariants/watchdog.ts';
import type { OperatorLog } from '../../../src/engine/ports/ports.ts';
import { artifactCheck } from '../../../src/engine/workflows/artifact-check.ts';
import { credentialStore } from '../../../src/store/credentials.ts';
import { createDeploymentQueries } from '../../../src/store/deployment-queries.ts';
import { createDeploymentStore } from '../../../src/store/deployments.ts';
import { environmentStore } from '../../../src/store/environments.ts';
import { createInvariantStore } from '../../../src/store/invariants.ts';
import { createObservationStore } from '../../../src/store/observations.ts';
import { projectStore } from '../../../src/store/projects.ts';
import { registryStore } from '../../../src/store/registries.ts';
import { tokenStore } from '../../../src/store/tokens.ts';
import { variableStore } from '../../../src/store/variables.ts';
import { WakeupSession } from '../../../src/store/wakeups.ts';
import { createWorldStore } from '../../../src/store/world.ts';
import { memoryDrivers } from '../../simulation/memory/drivers.ts';
import type { MemoryWorld } from '../../simulation/memory/world.ts';
import type { OwnDatabase } from './own-database.ts';

/** As in production (`daemon/platform.ts`). */
const leaseMs = 10_000;
const reconcileIntervalMs = 10_000;
const watchIntervalMs = 20_000;
const deploymentsAtOnce = 32;

export interface MemoryPlatform {
  readonly deployments: DeploymentCommands;
  readonly watchdog: Watchdog;
  /** Works until aborted. */
  run(signal: AbortSignal): Promise<void>;
}

interface Surroundings {
  readonly database: OwnDatabase;
  readonly world: MemoryWorld;
  readonly log: OperatorLog;
}

/** The real engine and the real stores, as the platform wires them, over a machine in memory and a database that is none. */
export function memoryPlatform({ database: { database, cluster }, world, log }: Surroundings): MemoryPlatform {
  const { db } = database;
  const clock = systemClock;
  const random = systemRandom;
  const deployments = createDeploymentStore(db);
  const queries = createDeploymentQueries(db);
  const observations = createObservationStore(db);
  const ports = { ...memoryDrivers(world, { clock, random }), deployments, clock };
  const { secretBox } = ports;
  const owner = randomInt(1, 2 ** 31 - 1);
  const engine = new Engine({
    ports,
    world: createWorldStore(db),
    observations,
    rerun: { deployments, queries, random, secretBox },
    log,
    owner,
    leaseMs,
    concurrency: deploymentsAtOnce,
    buildsAtOnce: 2,
    buildTimeoutMs: 60_000,
    imageLabels: {},
    urlOf,
    reconcileIntervalMs,
  });
  const configuration = {
    projects: projectStore(db),
    environments: environmentStore(db),
    variables: variableStore(db),
    credentials: credentialStore(db),
    registries: registryStore(db),
    tokens: tokenStore(db),
  };
  const watchdog = new Watchdog({
    ports,
    store: createInvariantStore(db),
    timelines: observations,
    log,
    intervalMs: watchIntervalMs,
  });
  return {
    watchdog,
    deployments: deploymentCommands({
      configuration,
      deployments,
      queries,
      changes: engine.changes,
      logs: ports.logs,
      clock,
      random,
      secretBox,
      artifacts: artifactCheck(ports),
      uploads: ports.uploads,
      router: ports.router,
      urlOf,
      checkBranch: () => {},
      wake: () => engine.wake(''),
    }),
    async run(signal) {
      await using wakeups = new WakeupSession({
        connection: cluster.address,
        owner,
        onWakeup: (id) => engine.wake(id),
        onLost: (error) => log.warn({ error: error.message }, 'the listening database session was lost'),
      });
      await wakeups.open();
      await Promise.all([engine.run(signal), watchdog.run(signal)]);
    },
  };
}

function urlOf(host: string): string {
  return `http://${host}`;
}
