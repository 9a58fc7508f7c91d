import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Artifact } from '../domain/artifact.ts';
import type {
  Deletion,
  DesiredDeployment,
  DesiredWorld,
  Leftovers,
  WorldStore,
} from '../engine/ports/deployment-store.ts';
import { tellRemoved } from './deployment-reports.ts';
import { isActive } from './active-deployments.ts';
import { recordCrash, recordRecovery } from './crashes.ts';
import { cancelPending } from './cancel-deployment.ts';
import { toDeployment, toInstance, toRoute, type DeploymentRow } from './deployment-rows.ts';
import { endDeployment } from './end-deployment.ts';
import { LiveDeployments } from './live-deployments.ts';
import { readGuards } from './preview-settings.ts';
import type { Database } from './schema.ts';
import { isOneOf } from './state-literals.ts';
import { whileStopped } from './stopped-instances.ts';
import { notifyAll } from './wakeups.ts';
import { writeInstances } from './write-deployment-parts.ts';

/** What should exist, for the reconciler, and how things that are to go end. */
export function createWorldStore(db: Kysely<Database>): WorldStore {
  const live = new LiveDeployments();
  return {
    desired: () =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute((tx) => readDesired(tx, live)),
    updateInstances: (changes) => writeInstances(db, changes),
    stopTelling: (afterMs) => stopTelling(db, afterMs),
    freeSlot: async (deploymentId) => {
      await db.deleteFrom('slot').where('deployment_id', '=', deploymentId).execute();
    },
    whileOwning: (owner, work) => whileOwning(db, owner, work),
    whileFree: (slot, work) => whileFree(db, slot, work),
    whileStopped: (instanceIds, work) => whileStopped(db, instanceIds, work),
    whileDeleting: (deletion, work) => whileDeleting(db, deletion, work),
    projectNames: async () => (await db.selectFrom('project').select('name').execute()).map(({ name }) => name),
    deletions: () => readDeletions(db),
    leftovers: (deletion) => leftovers(db, deletion),
    askToEnd: (deletion) => askToEnd(db, deletion),
    crashed: (instanceId, exit) => recordCrash(db, instanceId, exit),
    recovered: (instanceId) => recordRecovery(db, instanceId),
    stopServing: (deploymentId, reason) => stopServing(db, deploymentId, reason),
    erase: (deletion) =>
      db.transaction().execute(async (tx) => {
        if (deletion.kind === 'environment') await tellRemoved(tx, deletion.id);
        await tx.deleteFrom(deletion.kind).where('id', '=', deletion.id).execute();
      }),
  };
}

async function readDesired(db: Kysely<Database>, live: LiveDeployments): Promise<DesiredWorld> {
  const environments = await db.selectFrom('environment').select('id').where('deleting', '=', false).execute();
  const hosts = await db.selectFrom('host').selectAll().orderBy('position').execute();
  const routes = await db.selectFrom('route').selectAll().execute();
  const rows = await live.read(db);
  const instances = await db
    .selectFrom('instance')
    .selectAll()
    .where(sql<boolean>`phase not in ('stopped', 'failed')`)
    .execute();
  const slots = await db.selectFrom('slot').selectAll().execute();
  const needed = await readNeeded(db);
  const guards = await readGuards(db);
  const routeOf = new Map(routes.map((row) => [row.environment_id, row]));
  const hostsOf = Map.groupBy(hosts, (row) => row.environment_id);
  const slotOf = new Map(slots.map((row) => [row.deployment_id, row.number]));
  const instancesOf = Map.groupBy(instances, (row) => row.deployment_id);
  return {
    routes: environments.map(({ id }) => {
      const route = routeOf.get(id);
      return {
        environmentId: id,
        hosts: (hostsOf.get(id) ?? []).map((row) => row.host),
        target: route === undefined ? null : toRoute(route),
        guard: guards.get(id) ?? null,
      };
    }),
    slots: slots.map((row) => ({ slot: row.number, deploymentId: row.deployment_id })),
    deployments: rows.map((row) => ({
      deployment: toDeployment(row),
      role: roleOf(row, needed),
      standbyId: needed.standbys.get(row.id) ?? null,
      slot: slotOf.get(row.id) ?? null,
      sealedVariables: row.sealed_variables,
      instances: (instancesOf.get(row.id) ?? []).map(toInstance),
    })),
  };
}

/** What keeps a version running that does not serve. */
interface Needed {
  /** By the deployment that is observed. */
  readonly standbys: ReadonlyMap<string, string | null>;
  /** All of these. */
  readonly onStandby: ReadonlySet<string | null>;
  /** Environments in which something is being rolled out. */
  readonly busy: ReadonlySet<string>;
}

async function readNeeded(db: Kysely<Database>): Promise<Needed> {
  const open = await db
    .selectFrom('observation')
    .select(['deployment_id', 'standby_id'])
    .where('closed_at', 'is', null)
    .execute();
  const active = await db.selectFrom('deployment as d').select('d.environment_id').where(isActive('d')).execute();
  return {
    standbys: new Map(open.map((row) => [row.deployment_id, row.standby_id])),
    onStandby: new Set(open.map((row) => row.standby_id)),
    busy: new Set(active.map((row) => row.environment_id)),
  };
}

function roleOf(row: DeploymentRow, { onStandby, busy }: Needed): DesiredDeployment['role'] {
  if (row.serves || row.state !== 'completed') return 'serves';
  // Whoever is being rolled out may have to go back to what served before.
  return onStandby.has(row.id) || busy.has(row.environment_id) ? 'standby' : 'left';
}

/** The observation of a version that was taken back is closed, and its end verified a while after that. */
async function stopTelling(db: Kysely<Database>, afterMs: number): Promise<void> {
  await sql`
    update route r set observed = false from route seen
    where seen.environment_id = r.environment_id
      -- What somebody writes at the same time is not overwritten.
      and seen.fence = r.fence and r.observed and r.candidate is null
      and not exists (
        select 1 from observation o where o.environment_id = r.environment_id and o.closed_at is null
      )
      and not exists (
        select 1 from observation o where o.environment_id = r.environment_id
          and o.closed_at > clock_timestamp() - ${afterMs} * interval '1 millisecond'
      )`.execute(db);
}

type DeletionHead = Pick<Deletion, 'kind' | 'id' | 'projectId' | 'projectName' | 'environmentName'>;

async function readDeletions(db: Kysely<Database>): Promise<readonly Deletion[]> {
  const result = await sql<DeletionHead>`
    select 'project' as kind, p.id, p.name as "projectName", p.id as "projectId", null as "environmentName"
    from project p where p.deleting
    union all
    select 'environment', e.id, p.name, p.id, e.name from environment e join project p on p.id = e.project_id
    where e.deleting and not p.deleting`.execute(db);
  return Promise.all(result.rows.map((head) => completeDeletion(db, head)));
}

async function completeDeletion(db: Kysely<Database>, head: DeletionHead): Promise<Deletion> {
  const owner = head.kind === 'project' ? 'project_id' : 'environment_id';
  const deployments = await db.selectFrom('deployment').select('id').where(owner, '=', head.id).execute();
  const hosts = await db
    .selectFrom('host as h')
    .innerJoin('environment as e', 'e.id', 'h.environment_id')
    .select('h.host')
    .where(head.kind === 'project' ? 'e.project_id' : 'e.id', '=', head.id)
    .execute();
  return { ...head, deployments: deployments.map(({ id }) => id), hosts: hosts.map(({ host }) => host) };
}

async function leftovers(db: Kysely<Database>, deletion: Deletion): Promise<Leftovers> {
  const artifacts = await artifactsOnlyOf(db, deletion);
  return {
    imageIds: [...new Set(artifacts.flatMap((artifact) => (artifact.type === 'image' ? [artifact.imageId] : [])))],
    bundles: [...new Set(artifacts.flatMap((artifact) => (artifact.type === 'bundle' ? [artifact.bundle] : [])))],
  };
}

/** The row cannot be deleted while it is locked, so the slot stays with its owner. */
async function whileOwning(
  db: Kysely<Database>,
  { deploymentId, slot }: { readonly deploymentId: string; readonly slot: number },
  work: () => Promise<void>,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('slot')
      .select('number')
      .where('number', '=', slot)
      .where('deployment_id', '=', deploymentId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return false;
    await work();
    return true;
  });
}

/** A row of our own keeps others away. Left by a crash, it belongs to no deployment, and is cleared and freed like any such. */
async function whileFree(db: Kysely<Database>, slot: number, work: () => Promise<void>): Promise<boolean> {
  const nobody = randomUUID();
  const taken = await db
    .insertInto('slot')
    .values({ number: slot, deployment_id: nobody })
    .onConflict((conflict) => conflict.column('number').doNothing())
    .returning('number')
    .execute();
  if (taken.length === 0) return false;
  await work();
  await db.deleteFrom('slot').where('deployment_id', '=', nobody).execute();
  return true;
}

/** Whoever erases the row waits; whoever only refers to it does not. */
async function whileDeleting(
  db: Kysely<Database>,
  { kind, id }: Pick<Deletion, 'kind' | 'id'>,
  work: () => Promise<void>,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom(kind).select('id').where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
    if (row === undefined) return false;
    await work();
    return true;
  });
}

/** Equal files of two projects are one bundle, and two environments run one image: what somebody else has too is kept. */
async function artifactsOnlyOf(db: Kysely<Database>, deletion: Deletion): Promise<readonly Artifact[]> {
  const built = await db.selectFrom('artifact').select(['artifact', 'project_id']).execute();
  const deployed = await db
    .selectFrom('deployment')
    .select(['artifact', 'project_id', 'environment_id'])
    .where('artifact', 'is not', null)
    .execute();
  const column = deletion.kind === 'project' ? 'project_id' : 'environment_id';
  const rows = [
    ...deployed.map((row) => ({ artifact: row.artifact, going: row[column] === deletion.id })),
    // What was built for the project of an environment that goes is neither its own nor somebody else's.
    ...built
      .filter((row) => deletion.kind === 'project' || row.project_id !== deletion.projectId)
      .map((row) => ({ artifact: row.artifact, going: row.project_id === deletion.projectId })),
  ].flatMap(({ artifact, going }) => (artifact === null ? [] : [{ artifact, going }]));
  const kept = new Set(rows.filter(({ going }) => !going).map(({ artifact }) => contentOf(artifact)));
  return rows.filter(({ artifact, going }) => going && !kept.has(contentOf(artifact))).map(({ artifact }) => artifact);
}

function contentOf(artifact: Artifact): string {
  return artifact.type === 'image' ? artifact.imageId : artifact.bundle;
}

/** What waits is cancelled, what is led is told; resolves to how many are still led or to be led. */
async function askToEnd(db: Kysely<Database>, deletion: Deletion): Promise<number> {
  const column = deletion.kind === 'project' ? 'project_id' : 'environment_id';
  return db.transaction().execute(async (tx) => {
    const open = await tx
      .selectFrom('deployment')
      .select(['id', 'project_id', 'state'])
      .where(column, '=', deletion.id)
      .where((eb) => eb.or([isOneOf('state', ['pending', 'running', 'deploying', 'ready']), eb('acting', '=', true)]))
      .orderBy('id')
      .forUpdate()
      .execute();
    // Nobody leads these, and nobody is to begin.
    await tx
      .updateTable('deployment')
      .set({ want: null, wanted_by: null })
      .where(column, '=', deletion.id)
      .where(isOneOf('state', ['paused', 'completed']))
      .where('acting', '=', false)
      .where('want', 'is not', null)
      .execute();
    for (const row of open) {
      if (row.state === 'pending') await cancelPending(tx, row, 'deleted');
      else await tx.updateTable('deployment').set({ want: 'delete' }).where('id', '=', row.id).execute();
      await notifyAll(tx, row.id);
    }
    return open.filter((row) => row.state !== 'pending').length;
  });
}

async function stopServing(db: Kysely<Database>, deploymentId: string, reason: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .selectFrom('deployment')
      .select(['id', 'project_id', 'state'])
      .where('id', '=', deploymentId)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) return;
    // What is over already is left as it is.
    if ((await endDeployment(tx, row, { reason, observation: { outcome: 'interrupted', message: reason } })) !== null)
      return;
    await tx.updateTable('instance').set({ phase: 'stopped' }).where('deployment_id', '=', row.id).execute();
    await tx.deleteFrom('slot').where('deployment_id', '=', row.id).execute();
  });
}
