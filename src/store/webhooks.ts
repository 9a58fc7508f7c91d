import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { CommitDeployment } from '../domain/auto-deploy.ts';
import type { Project } from '../domain/project.ts';
import type { WebhookProvider } from '../domain/webhook.ts';
import type { HookOwner, NewHook, StoredHook, WebhookStore } from '../engine/ports/webhook-store.ts';
import { keepProject } from './keep-project.ts';
import { toProject } from './projects.ts';
import type { Database, WebhookTable } from './schema.ts';
import { keepAgain, keepDelivery } from './webhook-deliveries.ts';
import { findDelivery, listDeliveries } from './webhook-lists.ts';
import { pruneDeliveries } from './webhook-prune.ts';
import { waitingBehind, workOnNext } from './webhook-queue.ts';

export function createWebhookStore(db: Kysely<Database>): WebhookStore {
  return {
    hook: (id) => findHook(db, id),
    hookOf: (owner) => hookOf(db, owner),
    putHook: (owner, hook, replace) => db.transaction().execute((tx) => putHook(tx, owner, { hook, replace })),
    bindHook: (id, provider) => bindHook(db, id, provider),
    removeHook: (owner) => removeHook(db, owner),
    keep: (delivery) => keepDelivery(db, delivery),
    keepAgain: (id, copy) => keepAgain(db, id, copy),
    next: (work) => workOnNext(db, work),
    behind: (id, limit) => waitingBehind(db, id, limit),
    list: (query) => listDeliveries(db, query),
    find: (id, projectId) => findDelivery(db, id, projectId),
    prune: (limits) => pruneDeliveries(db, limits),
    projectsByRepository: (name) => projectsByRepository(db, name),
    projectById: (id) => projectById(db, id),
    deploymentUnder: (onceKey) => deploymentUnder(db, onceKey),
    deploymentOfCommit: (environmentId, commit) => deploymentOfCommit(db, environmentId, commit),
  };
}

async function findHook(db: Kysely<Database>, id: string): Promise<StoredHook | null> {
  const row = await db
    .selectFrom('webhook')
    .selectAll('webhook')
    .leftJoin('project', 'project.id', 'webhook.project_id')
    .where('webhook.id', '=', id)
    .where((where) => where.or([where('webhook.project_id', 'is', null), where('project.deleting', '=', false)]))
    .executeTakeFirst();
  return row === undefined ? null : toHook(row);
}

async function hookOf(db: Kysely<Database>, owner: HookOwner): Promise<StoredHook | null> {
  const row = await ownedBy(db, owner).executeTakeFirst();
  return row === undefined ? null : toHook(row);
}

function ownedBy(db: Kysely<Database>, owner: HookOwner) {
  const all = db.selectFrom('webhook').selectAll();
  return 'projectId' in owner
    ? all.where('project_id', '=', owner.projectId)
    : all.where('provider', '=', owner.provider);
}

interface Put {
  readonly hook: NewHook;
  readonly replace: boolean;
}

async function putHook(
  tx: Transaction<Database>,
  owner: HookOwner,
  { hook, replace }: Put,
): Promise<StoredHook | null> {
  if ('projectId' in owner && !(await keepProject(tx, owner.projectId))) return null;
  const secret = { sealed_id: hook.sealedId, sealed: hook.sealed };
  const target = 'projectId' in owner ? { project_id: owner.projectId } : { provider: owner.provider };
  const insert = tx.insertInto('webhook').values({ id: hook.id, ...target, ...secret });
  const column = 'projectId' in owner ? 'project_id' : 'provider';
  await insert
    .onConflict((conflict) =>
      replace
        ? conflict.column(column).doUpdateSet({ ...secret, secret_set_at: sql<string>`now()`, bound_provider: null })
        : conflict.column(column).doNothing(),
    )
    .execute();
  return hookOf(tx, owner);
}

async function bindHook(db: Kysely<Database>, id: string, provider: WebhookProvider): Promise<void> {
  await db
    .updateTable('webhook')
    .set({ bound_provider: provider })
    .where('id', '=', id)
    .where('bound_provider', 'is', null)
    .execute();
}

async function removeHook(db: Kysely<Database>, owner: HookOwner): Promise<boolean> {
  const all = db.deleteFrom('webhook');
  const query =
    'projectId' in owner ? all.where('project_id', '=', owner.projectId) : all.where('provider', '=', owner.provider);
  const { numDeletedRows } = await query.executeTakeFirst();
  return numDeletedRows > 0n;
}

function toHook(row: Selectable<WebhookTable>): StoredHook {
  return {
    id: row.id,
    projectId: row.project_id,
    provider: row.provider,
    boundProvider: row.bound_provider,
    sealedId: row.sealed_id,
    sealed: row.sealed,
    createdAt: row.created_at,
    secretSetAt: row.secret_set_at,
  };
}

async function projectsByRepository(db: Kysely<Database>, name: string): Promise<readonly Project[]> {
  const rows = await db
    .selectFrom('project')
    .selectAll()
    .where('deleting', '=', false)
    .where(sql<boolean>`position(${name.toLowerCase()} in lower(repository)) > 0`)
    .orderBy('name')
    .execute();
  return rows.map(toProject);
}

async function projectById(db: Kysely<Database>, id: string): Promise<Project | null> {
  const row = await db
    .selectFrom('project')
    .selectAll()
    .where('id', '=', id)
    .where('deleting', '=', false)
    .executeTakeFirst();
  return row === undefined ? null : toProject(row);
}

async function deploymentUnder(db: Kysely<Database>, onceKey: string): Promise<number | null> {
  const row = await db.selectFrom('deployment').select('number').where('once_key', '=', onceKey).executeTakeFirst();
  return row?.number ?? null;
}

/** Going back overtakes nothing: what it takes back is not deployed again. */
async function deploymentOfCommit(
  db: Kysely<Database>,
  environmentId: string,
  commit: string,
): Promise<CommitDeployment | null> {
  const { rows } = await sql<CommitDeployment>`
    select d.number, d.state, d.reason, d.failure ->> 'code' as failure,
      e.current_deployment_id is not distinct from d.id as serves,
      exists (
        select from deployment newer
        where newer.environment_id = d.environment_id and newer.number > d.number and newer.kind <> 'rollback'
          and newer.state in ('pending', 'running', 'deploying', 'ready', 'paused')
      ) as overtaken
    from deployment d join environment e on e.id = d.environment_id
    where d.environment_id = ${environmentId}
      and coalesce(d.source -> 'commit' ->> 'sha', d.source ->> 'requestedCommit') = ${commit}
    order by d.number desc limit 1`.execute(db);
  return rows[0] ?? null;
}
