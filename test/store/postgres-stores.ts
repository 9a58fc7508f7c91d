import { sql } from 'kysely';
import { credentialStore } from '../../src/store/credentials.ts';
import { createDeploymentQueries } from '../../src/store/deployment-queries.ts';
import { createDeploymentStore } from '../../src/store/deployments.ts';
import { environmentStore } from '../../src/store/environments.ts';
import { createObservationStore } from '../../src/store/observations.ts';
import { projectStore } from '../../src/store/projects.ts';
import { registryStore } from '../../src/store/registries.ts';
import { createSleepStore } from '../../src/store/sleep.ts';
import { tokenStore } from '../../src/store/tokens.ts';
import { variableStore } from '../../src/store/variables.ts';
import { WakeupSession } from '../../src/store/wakeups.ts';
import { createWorldStore } from '../../src/store/world.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import type { StoreHarness } from '../conformance/store/harness.ts';
import { startTestPostgres, type TestPostgres } from '../harness/postgres.ts';

export interface PostgresStores extends StoreHarness {
  readonly postgres: TestPostgres;
  readonly database: OpenDatabase;
}

/** The real stores over a database of their own. */
export async function openPostgresStores(): Promise<PostgresStores> {
  const postgres = await startTestPostgres();
  // Many at once wait for each other, however slow the machine is.
  const database = await postgres.open({ connectTimeoutMs: 60_000 });
  const { db } = database;
  return {
    postgres,
    database,
    deployments: createDeploymentStore(db),
    queries: createDeploymentQueries(db),
    world: createWorldStore(db),
    observations: createObservationStore(db),
    sleep: createSleepStore(db),
    configuration: {
      projects: projectStore(db),
      environments: environmentStore(db),
      variables: variableStore(db),
      credentials: credentialStore(db),
      registries: registryStore(db),
      tokens: tokenStore(db),
    },
    async openSession(owner, onWakeup = () => {}) {
      const session = new WakeupSession({ connection: postgres.address, owner, onWakeup, onLost: () => {} });
      await session.open();
      return session;
    },
    async failedToWake(environmentId, wakesFailed, agoMs) {
      await sql`
        update route set wakes_failed = ${wakesFailed}, wake_failed_at = now() - ${agoMs} * interval '1 millisecond'
        where environment_id = ${environmentId}`.execute(db);
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    },
  };
}
