import { sql, type Kysely } from 'kysely';
import type { RegistryStore } from '../engine/ports/configuration-store.ts';
import type { SealedCredential } from '../engine/ports/deployment-store.ts';
import { keepProject } from './keep-project.ts';
import type { Database } from './schema.ts';

export function registryStore(db: Kysely<Database>): RegistryStore {
  return {
    list: (projectId) =>
      db
        .selectFrom('registry_credential')
        .select(['host', 'username', 'fingerprint', 'set_by as setBy', 'set_at as setAt'])
        .where('project_id', '=', projectId)
        .orderBy('host')
        .execute(),
    set: (projectId, { setBy, ...credential }) =>
      db.transaction().execute(async (transaction) => {
        if (!(await keepProject(transaction, projectId))) return false;
        const values = { ...credential, set_by: setBy, set_at: sql<string>`now()` };
        await transaction
          .insertInto('registry_credential')
          .values({ ...values, project_id: projectId })
          .onConflict((conflict) => conflict.columns(['project_id', 'host']).doUpdateSet(values))
          .execute();
        return true;
      }),
    async remove(projectId, host) {
      const { numDeletedRows } = await db
        .deleteFrom('registry_credential')
        .where('project_id', '=', projectId)
        .where('host', '=', host)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

/** What `openRegistryCredential` opens; null: none is set for that registry. */
export async function readRegistryCredential(
  db: Kysely<Database>,
  projectId: string,
  host: string,
): Promise<SealedCredential | null> {
  const row = await db
    .selectFrom('registry_credential')
    .select(['id', 'sealed'])
    .where('project_id', '=', projectId)
    .where('host', '=', host)
    .executeTakeFirst();
  return row ?? null;
}
