import { StoreBench } from '../../conformance/store/bench.ts';
import { openPostgresStores, type PostgresStores } from '../postgres-stores.ts';

/** The bench of the shared suite, over PostgreSQL, for what is asked of the database itself. */
export class JournalBench extends StoreBench {
  #stores: PostgresStores | null = null;

  constructor() {
    super(async () => (this.#stores = await openPostgresStores()));
  }

  get database(): PostgresStores['database'] {
    if (this.#stores === null) throw new Error('the bench is not open');
    return this.#stores.database;
  }
}
