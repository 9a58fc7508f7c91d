import { sql, type Kysely } from 'kysely';
import type { ProviderStore } from '../engine/ports/provider-store.ts';
import { selectPreviews, toPreview } from './preview-rows.ts';
import { claimMessages, enqueueReport, finishMessage, postponeMessage } from './provider-messages.ts';
import type { Database } from './schema.ts';

export function createProviderStore(db: Kysely<Database>): ProviderStore {
  return {
    ...accessStore(db),
    async reportable() {
      const rows = await selectPreviews(db)
        .innerJoin('provider_access as a', 'a.project_id', 'p.project_id')
        .where((row) =>
          row.or([
            row('p.open', '=', true),
            row('p.environment_id', 'is not', null),
            sql<boolean>`p.reported is not null and p.reported <> 'closed:' || p.revision`,
          ]),
        )
        .execute();
      return rows.map((row) => ({ ...toPreview(row), reported: row.reported }));
    },
    report: (previewId, reported, messages) => enqueueReport(db, { previewId, reported, messages }),
    claim: (count, leaseMs) => claimMessages(db, count, leaseMs),
    done: (message) => finishMessage(db, message),
    postpone: (message, delayMs) => postponeMessage(db, message, delayMs),
    async failed(projectId, error) {
      await db
        .updateTable('provider_access')
        .set({ last_error: error, last_error_at: sql<string>`now()` })
        .where('project_id', '=', projectId)
        .execute();
    },
  };
}

function accessStore(db: Kysely<Database>): Pick<ProviderStore, 'find' | 'access' | 'set' | 'remove' | 'projects'> {
  const one = (projectId: string) => db.selectFrom('provider_access').where('project_id', '=', projectId);
  return {
    async find(projectId) {
      const row = await one(projectId)
        .select(['kind', 'api_url as apiUrl', 'repository', 'fingerprint', 'set_by as setBy', 'set_at as setAt'])
        .select(['last_error as lastError', 'last_error_at as lastErrorAt'])
        .executeTakeFirst();
      return row ?? null;
    },
    async access(projectId) {
      const row = await one(projectId)
        .select(['id', 'sealed', 'kind', 'api_url as apiUrl', 'repository'])
        .executeTakeFirst();
      return row ?? null;
    },
    set: (projectId, { apiUrl, setBy, ...record }) =>
      db.transaction().execute(async (tx) => {
        const project = await tx
          .selectFrom('project')
          .select('id')
          .where('id', '=', projectId)
          .where('deleting', '=', false)
          .forShare()
          .executeTakeFirst();
        if (project === undefined) return false;
        const values = { ...record, api_url: apiUrl, set_by: setBy, set_at: sql<string>`now()` };
        await tx
          .insertInto('provider_access')
          .values({ ...values, project_id: projectId })
          .onConflict((conflict) =>
            conflict.column('project_id').doUpdateSet({ ...values, last_error: null, last_error_at: null }),
          )
          .execute();
        return true;
      }),
    async remove(projectId) {
      const { numDeletedRows } = await db
        .deleteFrom('provider_access')
        .where('project_id', '=', projectId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
    async projects() {
      const rows = await db.selectFrom('provider_access').select('project_id').execute();
      return rows.map((row) => row.project_id);
    },
  };
}
