import { sql, type Kysely, type Transaction } from 'kysely';
import { sameRepository } from '../domain/repository-identity.ts';
import type { NewProviderRecord, ProviderStore } from '../engine/ports/provider-store.ts';
import { keepProject } from './keep-project.ts';
import { selectPreviews, toPreview } from './preview-rows.ts';
import { changedDeployments, reportDeployment, tellDeployments } from './deployment-reports.ts';
import { mayAct } from './provider-access.ts';
import { claimMessages, enqueueReport, finishMessage, postponeMessage } from './provider-messages.ts';
import type { Database } from './schema.ts';
import { forgetElsewhere, tellAgain } from './tell-again.ts';

export function createProviderStore(db: Kysely<Database>): ProviderStore {
  return {
    ...accessStore(db),
    async reportable() {
      const rows = await selectPreviews(db)
        .select('project.repository as project_repository')
        .innerJoin('provider_access as a', 'a.project_id', 'p.project_id')
        .where(mayAct('a'))
        .where((row) =>
          row.or([
            row('p.open', '=', true),
            row('p.environment_id', 'is not', null),
            sql<boolean>`p.reported is not null and p.reported <> 'closed:' || p.revision`,
          ]),
        )
        .execute();
      const own = rows.filter((row) => sameRepository(row.repository, row.project_repository));
      return own.map((row) => ({ ...toPreview(row), reported: row.reported }));
    },
    reportableDeployments: () => changedDeployments(db),
    reportDeployment: (deployment, messages) => reportDeployment(db, deployment, messages),
    tellDeployments: (projectId, tells) => tellDeployments(db, projectId, tells),
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
        .innerJoin('project as p', 'p.id', 'project_id')
        .select(['kind', 'api_url as apiUrl', 'provider_access.repository', 'fingerprint'])
        .select(['set_by as setBy', 'set_at as setAt', 'p.tells_deployments as tellsDeployments'])
        .select(['installation'])
        .select(['last_error as lastError', 'last_error_at as lastErrorAt'])
        .executeTakeFirst();
      return row ?? null;
    },
    async access(projectId) {
      const row = await one(projectId)
        .select(['id', 'sealed', 'installation_id', 'kind', 'api_url as apiUrl', 'repository'])
        .where(mayAct('provider_access'))
        .executeTakeFirst();
      if (row === undefined) return null;
      const { sealed, installation_id: installationId, ...access } = row;
      if (sealed !== null) return { ...access, sealed, installationId: null };
      return installationId === null ? null : { ...access, sealed, installationId };
    },
    set: (projectId, record) => db.transaction().execute((tx) => setAccess(tx, projectId, record)),
    async remove(projectId) {
      const { numDeletedRows } = await db
        .deleteFrom('provider_access')
        .where('project_id', '=', projectId)
        .where('sealed', 'is not', null)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
    async projects() {
      const rows = await db
        .selectFrom('provider_access')
        .select('project_id')
        .where(mayAct('provider_access'))
        .execute();
      return rows.map((row) => row.project_id);
    },
  };
}

async function setAccess(
  tx: Transaction<Database>,
  projectId: string,
  { apiUrl, setBy, ...record }: NewProviderRecord,
): Promise<boolean> {
  if (!(await keepProject(tx, projectId))) return false;
  await forgetElsewhere(tx, projectId, { apiUrl, repository: record.repository });
  const own = { installation: null, installation_id: null, looked_up_at: null, doubted_at: null };
  const values = { ...record, ...own, api_url: apiUrl, set_by: setBy, set_at: sql<string>`now()` };
  await tx
    .insertInto('provider_access')
    .values({ ...values, project_id: projectId })
    .onConflict((conflict) =>
      conflict.column('project_id').doUpdateSet({ ...values, last_error: null, last_error_at: null }),
    )
    .execute();
  await tellAgain(tx, [projectId]);
  return true;
}
