import { randomUUID } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import type { Artifact } from '../domain/artifact.ts';
import { transition } from '../domain/deployment-state.ts';
import type { Deletion, DesiredWorld, Leftovers, WorldStore } from '../engine/ports/deployment-store.ts';
import { cancelPending } from './cancel-deployment.ts';
import { selectDeployments, toDeployment, toInstance } from './deployment-rows.ts';
import type { Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';
import { writeInstances } from './write-deployment-parts.ts';

/** What should exist, for the reconciler, and how things that are to go end. */
export function createWorldStore(db: Kysely<Database>): WorldStore {
  return {
    desired: () => db.transaction().setIsolationLevel('repeatable read').execute(readDesired),
    updateInstances: (changes) => writeInstances(db, changes),
    freeSlot: async (deploymentId) => {
      await db.deleteFrom('slot').where('deployment_id', '=', deploymentId).execute();
    },
    whileOwning: (owner, work) => whileOwning(db, owner, work),
    whileFree: (slot, work) => whileFree(db, slot, work),
    deletions: () => readDeletions(db),
    leftovers: (deletion) => leftovers(db, deletion),
    askToEnd: (deletion) => askToEnd(db, deletion),
    stopServing: (deploymentId, reason) => stopServing(db, deploymentId, reason),
    erase: async (deletion) => {
      await db.deleteFrom(deletion.kind).where('id', '=', deletion.id).execute();
    },
  };
}

async function readDesired(db: Kysely<Database>): Promise<DesiredWorld> {
  const environments = await db.selectFrom('environment').select('id').where('deleting', '=', false).execute();
  const hosts = await db.selectFrom('host').selectAll().orderBy('position').execute();
  const routes = await db.selectFrom('route').selectAll().execute();
  const rows = await selectDeployments(db).where('d.state', 'not in', ['failed', 'cancelled', 'stopped']).execute();
  const instances = await db
    .selectFrom('instance')
    .selectAll()
    .where('phase', 'not in', ['stopped', 'failed'])
    .execute();
  const slots = await db.selectFrom('slot').selectAll().execute();
  return {
    routes: environments.map(({ id }) => {
      const route = routes.find((row) => row.environment_id === id);
      const target =
        route === undefined ? null : { stable: route.stable, candidate: route.candidate, share: route.share };
      return {
        environmentId: id,
        hosts: hosts.filter((row) => row.environment_id === id).map((row) => row.host),
        target,
      };
    }),
    slots: slots.map((row) => ({ slot: row.number, deploymentId: row.deployment_id })),
    deployments: rows.map((row) => ({
      deployment: toDeployment(row),
      slot: slots.find((slot) => slot.deployment_id === row.id)?.number ?? null,
      sealedVariables: row.sealed_variables,
      instances: instances.filter((instance) => instance.deployment_id === row.id).map(toInstance),
    })),
  };
}

type DeletionHead = Pick<Deletion, 'kind' | 'id' | 'projectId' | 'projectName'>;

async function readDeletions(db: Kysely<Database>): Promise<readonly Deletion[]> {
  const result = await sql<DeletionHead>`
    select 'project' as kind, p.id, p.name as "projectName", p.id as "projectId" from project p where p.deleting
    union all
    select 'environment', e.id, p.name, p.id from environment e join project p on p.id = e.project_id
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
      .where('state', 'in', ['pending', 'running', 'deploying', 'ready'])
      .forUpdate()
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
    const result = transition(row.state, { type: 'stopped' });
    if (!result.ok) return;
    await tx.updateTable('deployment').set({ state: result.state, reason }).where('id', '=', row.id).execute();
    await tx.updateTable('instance').set({ phase: 'stopped' }).where('deployment_id', '=', row.id).execute();
    await tx.deleteFrom('slot').where('deployment_id', '=', row.id).execute();
    await appendTimeline(tx, row, [{ kind: 'state.changed', from: row.state, to: result.state, reason }]);
    await notifyAll(tx, row.id);
  });
}
