import { sql, type Kysely } from 'kysely';
import type { CredentialStore } from '../engine/ports/configuration-store.ts';
import { keepProject } from './keep-project.ts';
import type { Database } from './schema.ts';

export function credentialStore(db: Kysely<Database>): CredentialStore {
  return {
    async find(projectId) {
      const row = await db
        .selectFrom('repository_credential')
        .select(['kind', 'host', 'fingerprint', 'set_by as setBy', 'set_at as setAt'])
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      return row ?? null;
    },
    set: (projectId, { setBy, ...credential }) =>
      db.transaction().execute(async (transaction) => {
        if (!(await keepProject(transaction, projectId))) return false;
        const values = { ...credential, set_by: setBy, set_at: sql<string>`now()` };
        await transaction
          .insertInto('repository_credential')
          .values({ ...values, project_id: projectId })
          .onConflict((conflict) => conflict.column('project_id').doUpdateSet(values))
          .execute();
        return true;
      }),
    async remove(projectId) {
      const { numDeletedRows } = await db
        .deleteFrom('repository_credential')
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}
