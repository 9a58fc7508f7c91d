import { sql, type Kysely } from 'kysely';
import type { AppProject, FoundInstallation, GitHubAppStore, NewGitHubApp } from '../engine/ports/github-app.ts';
import type { Database } from './schema.ts';
import { forgetElsewhere, tellAgain } from './tell-again.ts';

export function createGitHubAppStore(db: Kysely<Database>): GitHubAppStore {
  return {
    async find() {
      const row = await db
        .selectFrom('github_app')
        .select(['app_id as appId', 'slug', 'api_url as apiUrl', 'fingerprint', 'set_by as setBy', 'set_at as setAt'])
        .select(['last_error as lastError', 'last_error_at as lastErrorAt'])
        .executeTakeFirst();
      return row ?? null;
    },
    async sealed() {
      const row = await db
        .selectFrom('github_app')
        .select(['id', 'app_id as appId', 'api_url as apiUrl', 'sealed'])
        .executeTakeFirst();
      return row ?? null;
    },
    set: (app) => db.transaction().execute((tx) => setApp(tx, app)),
    remove: () => db.transaction().execute(removeApp),
    async noteFailure(error) {
      const at = error === null ? null : sql<string>`now()`;
      await db.updateTable('github_app').set({ last_error: error, last_error_at: at }).execute();
    },
    projects: () => appProjects(db),
    found: (projectId, appRowId, found) =>
      db.transaction().execute((tx) => keepFound(tx, { projectId, appRowId, found })),
    async forget(projectId) {
      await db.deleteFrom('provider_access').where('project_id', '=', projectId).where('sealed', 'is', null).execute();
    },
    doubt: (installationId) => db.transaction().execute((tx) => doubt(tx, installationId)),
    async doubtOne(projectId) {
      await db
        .updateTable('provider_access')
        .set({ doubted_at: sql<string>`now()` })
        .where('project_id', '=', projectId)
        .where('sealed', 'is', null)
        .execute();
    },
  };
}

async function setApp(tx: Kysely<Database>, { appId, apiUrl, setBy, ...record }: NewGitHubApp): Promise<void> {
  const values = { ...record, app_id: appId, api_url: apiUrl, set_by: setBy, set_at: sql<string>`now()` };
  await tx
    .insertInto('github_app')
    .values(values)
    .onConflict((conflict) =>
      conflict.column('single').doUpdateSet({ ...values, last_error: null, last_error_at: null }),
    )
    .execute();
  await tx
    .updateTable('provider_access')
    .set({ doubted_at: sql<string>`now()` })
    .where('sealed', 'is', null)
    .execute();
}

async function removeApp(tx: Kysely<Database>): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('github_app').executeTakeFirst();
  await tx.deleteFrom('provider_access').where('sealed', 'is', null).execute();
  return numDeletedRows > 0n;
}

async function appProjects(db: Kysely<Database>): Promise<readonly AppProject[]> {
  const rows = await db
    .selectFrom('project')
    .leftJoin('provider_access as a', 'a.project_id', 'project.id')
    .select(['project.id', 'project.repository as address', 'a.repository', 'a.installation', 'a.looked_up_at'])
    .select(sql<string>`now()`.as('read_at'))
    .select(sql<boolean>`coalesce(a.doubted_at >= a.looked_up_at, false)`.as('doubted'))
    .where('project.deleting', '=', false)
    .where('a.sealed', 'is', null)
    .execute();
  return rows.map(({ id: projectId, address, read_at: readAt, repository, installation: state, ...rest }) => {
    const { looked_up_at: lookedUpAt, doubted } = rest;
    const isKnown = repository !== null && state !== null && lookedUpAt !== null;
    return { projectId, address, readAt, known: isKnown ? { repository, state, lookedUpAt, doubted } : null };
  });
}

interface Keeping {
  readonly projectId: string;
  readonly appRowId: string;
  readonly found: FoundInstallation;
}

/** The App is held, so that it cannot be another one, or gone, before this is kept. */
async function keepFound(tx: Kysely<Database>, { projectId, appRowId, found }: Keeping): Promise<void> {
  const { repository, apiUrl, installation, reason, asOf } = found;
  const before = await accessBefore(tx, projectId);
  if (before?.sealed !== undefined && before.sealed !== null) return;
  const moved = before !== undefined && (before.repository !== repository || before.api_url !== apiUrl);
  if (moved) await forgetElsewhere(tx, projectId, { apiUrl, repository });
  if (installation.state === 'installed' && (moved || before?.installation !== 'installed'))
    await tellAgain(tx, [projectId]);
  await sql`
    with app as (
      select id, fingerprint, set_by, set_at from github_app where id = ${appRowId} for share
    ), held as (
      select id from project where id = ${projectId} and not deleting for share
    )
    insert into provider_access as a
      (project_id, id, kind, api_url, repository, fingerprint, set_by, set_at, installation, installation_id,
        looked_up_at, last_error, last_error_at)
    select held.id, app.id, 'github', ${apiUrl}, ${repository}, app.fingerprint, app.set_by, app.set_at,
      ${installation.state}, ${installation.id}, ${asOf}::timestamptz, ${reason}::text, case when ${reason}::text is null then null else now() end
    from app, held
    on conflict (project_id) do update set
      id = excluded.id, api_url = excluded.api_url, repository = excluded.repository, fingerprint = excluded.fingerprint,
      set_by = excluded.set_by, set_at = excluded.set_at, installation = excluded.installation,
      installation_id = excluded.installation_id, looked_up_at = excluded.looked_up_at,
      last_error = case
        when excluded.last_error is null and a.installation = excluded.installation then a.last_error
        else excluded.last_error end,
      last_error_at = case
        when excluded.last_error is null and a.installation = excluded.installation then a.last_error_at
        else excluded.last_error_at end
    where a.sealed is null`.execute(tx);
}

/** The project is held before its previews, as whoever opens them holds it. */
async function accessBefore(tx: Kysely<Database>, projectId: string) {
  await tx.selectFrom('project').select('id').where('id', '=', projectId).forShare().execute();
  return tx
    .selectFrom('provider_access')
    .select(['sealed', 'installation', 'repository', 'api_url'])
    .where('project_id', '=', projectId)
    .executeTakeFirst();
}

/** Previews before accesses, as whoever reports them holds them. */
async function doubt(tx: Kysely<Database>, installationId: string) {
  const refused = await tx
    .selectFrom('provider_access')
    .select('project_id')
    .where('sealed', 'is', null)
    .where('installation_id', '=', installationId)
    .where('last_error', 'is not', null)
    .execute();
  const projects = refused.map((row) => row.project_id);
  await tellAgain(tx, projects);
  if (projects.length > 0)
    await tx
      .updateTable('provider_access')
      .set({ last_error: null, last_error_at: null })
      .where('project_id', 'in', projects)
      .where('installation', '=', 'installed')
      .execute();
  const { rows } = await sql<{ id: string; name: string }>`
    with doubted as (
      update provider_access set doubted_at = now()
      where sealed is null and (installation_id = ${installationId} or installation <> 'installed')
      returning project_id, installation_id
    )
    select p.id, p.name from doubted d join project p on p.id = d.project_id
    where d.installation_id = ${installationId} and not p.deleting order by p.name`.execute(tx);
  return rows;
}
