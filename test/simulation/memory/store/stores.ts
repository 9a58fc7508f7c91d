import type { Clock } from '../../../../src/engine/ports/clock.ts';
import type { ConfigurationStore } from '../../../../src/engine/ports/configuration-store.ts';
import type { DeploymentQueries, DeploymentStore, WorldStore } from '../../../../src/engine/ports/deployment-store.ts';
import type { ObservationStore } from '../../../../src/engine/ports/observation-store.ts';
import type { SleepStore } from '../../../../src/engine/ports/sleep-store.ts';
import { memoryCredentialStore } from './credentials.ts';
import type { MemoryDatabase } from './database.ts';
import { memoryDeploymentQueries } from './deployment-queries.ts';
import { memoryDeploymentStore } from './deployments.ts';
import { memoryEnvironmentStore } from './environments.ts';
import { memoryObservationStore } from './observations.ts';
import { memoryProjectStore } from './projects.ts';
import { memoryRegistryStore } from './registries.ts';
import { memorySleepStore } from './sleep.ts';
import { memoryTokenStore } from './tokens.ts';
import { Connection } from './transaction.ts';
import { memoryVariableStore } from './variables.ts';
import { memoryWorldStore } from './world.ts';

export interface MemoryStores {
  readonly deployments: DeploymentStore;
  readonly queries: DeploymentQueries;
  readonly world: WorldStore;
  readonly observations: ObservationStore;
  readonly sleep: SleepStore;
  readonly configuration: ConfigurationStore;
}

interface MemoryStoresOptions {
  /** The database's: `now()` dates everything and ends leases. Give every control plane the same. */
  readonly clock: Pick<Clock, 'now'>;
  /** Number of the control plane that uses them: what it holds is given back by `database.endSession(owner)`. */
  readonly owner: number;
}

/**
 * The stores of one control plane over a database that may be shared. They do what those in `src/store` do, with no time between the
 * call and its effect; that nobody holds a slot is waited for as long as it takes. To live, so that its leases hold, a control plane
 * opens a session: `database.sessions.open({ owner, onWakeup })`.
 */
export function memoryStores(database: MemoryDatabase, options: MemoryStoresOptions): MemoryStores {
  const connection = new Connection(database, options);
  return {
    deployments: memoryDeploymentStore(connection),
    queries: memoryDeploymentQueries(connection),
    world: memoryWorldStore(connection),
    observations: memoryObservationStore(connection),
    sleep: memorySleepStore(connection),
    configuration: {
      projects: memoryProjectStore(connection),
      environments: memoryEnvironmentStore(connection),
      variables: memoryVariableStore(connection),
      credentials: memoryCredentialStore(connection),
      registries: memoryRegistryStore(connection),
      tokens: memoryTokenStore(connection),
    },
  };
}
