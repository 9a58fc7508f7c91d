import { configurationBench, type ConfigurationBench } from '../conformance/store/configuration-bench.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import type { TestPostgres } from '../harness/postgres.ts';
import { openPostgresStores } from './postgres-stores.ts';

export { actor, owner, refusal, repository } from '../conformance/store/configuration-bench.ts';

export interface TestConfiguration extends ConfigurationBench, AsyncDisposable {
  readonly database: OpenDatabase;
  readonly postgres: TestPostgres;
}

/** The configuration commands over a real, empty database. */
export async function startTestConfiguration(): Promise<TestConfiguration> {
  const stores = await openPostgresStores();
  const { database, postgres } = stores;
  return {
    ...configurationBench(stores.configuration),
    database,
    postgres,
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}
