import { sql, type Kysely } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { NewDeploymentRecord } from '../engine/ports/deployment-store.ts';
import { wantCancelled } from './cancel-deployment.ts';
import { toJson, type Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

/** Records a trigger with everything that follows from it, or nothing: number, jobs, superseded predecessors, idempotency key. */
export async function createDeployment(
  db: Kysely<Database>,
  input: NewDeploymentRecord,
): Promise<{ readonly deploymentId: string; readonly replayed: boolean }> {
  return db.transaction().execute(async (tx) => {
    // The row lock makes triggers of one project take turns, so that numbers and idempotency keys cannot race.
    const project = await tx
      .updateTable('project')
      .set({ last_number: sql`last_number + 1` })
      .where('id', '=', input.projectId)
      .where('deleting', '=', false)
      .returning('last_number')
      .executeTakeFirst();
    if (project === undefined) throw new CutoverError('not_found', 'the project is being deleted');
    const earlier = await replay(tx, input);
    if (earlier !== null) {
      await tx
        .updateTable('project')
        .set({ last_number: sql`last_number - 1` })
        .where('id', '=', input.projectId)
        .execute();
      return { deploymentId: earlier, replayed: true };
    }
    if (!isAutomaticRollback(input)) await supersede(tx, input, project.last_number);
    if (clearsTheWay(input)) await cancelRunning(tx, input, project.last_number);
    await insert(tx, input, project.last_number);
    await notifyAll(tx, input.id);
    return { deploymentId: input.id, replayed: false };
  });
}

async function replay(tx: Kysely<Database>, input: NewDeploymentRecord): Promise<string | null> {
  if (input.onceKey !== null) {
    const once = await tx
      .selectFrom('deployment')
      .select('id')
      .where('once_key', '=', input.onceKey)
      .executeTakeFirst();
    if (once !== undefined) return once.id;
  }
  if (input.idempotency === null) return null;
  const { key, tokenId, requestHash } = input.idempotency;
  const earlier = await tx
    .selectFrom('idempotency')
    .select(['deployment_id', 'request_hash'])
    .where('token_id', '=', tokenId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (earlier === undefined) return null;
  if (earlier.request_hash !== requestHash) {
    throw new CutoverError('idempotency_mismatch', `the key "${key}" was used for a different request`);
  }
  return earlier.deployment_id;
}

/**
 * A newer trigger of the same branch replaces an older one that still waits (rule 2.4), but no rollback. A rollback replaces everything
 * that waits: it was meant for the environment as it is.
 */
async function supersede(tx: Kysely<Database>, input: NewDeploymentRecord, number: number): Promise<void> {
  const reason = `superseded by #${number}`;
  let query = tx
    .updateTable('deployment')
    .set({ state: 'cancelled', reason, finished_at: sql`now()` })
    .where('environment_id', '=', input.environmentId)
    .where('state', '=', 'pending');
  if (!clearsTheWay(input)) query = query.where('branch', '=', input.source.branch).where('kind', '<>', 'rollback');
  const waiting = await query.returning(['id', 'project_id']).execute();
  for (const old of waiting) {
    await tx.updateTable('job').set({ status: 'cancelled' }).where('deployment_id', '=', old.id).execute();
    await appendTimeline(tx, old, [{ kind: 'state.changed', from: 'pending', to: 'cancelled', reason }]);
    await notifyAll(tx, old.id);
  }
}

/** Somebody who goes back wants nothing newer; what was found to be bad is probably mended by what waits. */
function clearsTheWay(input: NewDeploymentRecord): boolean {
  return input.kind === 'rollback' && !isAutomaticRollback(input);
}

function isAutomaticRollback({ origin }: NewDeploymentRecord): boolean {
  return origin?.kind === 'rollback' && origin.automatic;
}

/** What runs, and has not started an instance yet, would be rolled out over what is gone back to. */
async function cancelRunning(tx: Kysely<Database>, input: NewDeploymentRecord, number: number): Promise<void> {
  const running = await tx
    .selectFrom('deployment')
    .select('id')
    .where('environment_id', '=', input.environmentId)
    .where('state', '=', 'running')
    .forUpdate()
    .execute();
  for (const { id } of running) {
    await wantCancelled(tx, id, `superseded by rollback #${number}`);
    await notifyAll(tx, id);
  }
}

async function insert(tx: Kysely<Database>, input: NewDeploymentRecord, number: number): Promise<void> {
  const environment = await tx
    .selectFrom('environment')
    .select('name')
    .where('id', '=', input.environmentId)
    .where('deleting', '=', false)
    .executeTakeFirst();
  if (environment === undefined) throw new CutoverError('not_found', 'the environment is being deleted');
  await tx
    .insertInto('deployment')
    .values({
      id: input.id,
      project_id: input.projectId,
      environment_id: input.environmentId,
      number,
      kind: input.kind,
      origin: input.origin === null ? null : toJson(input.origin),
      artifact: input.artifact === null ? null : toJson(input.artifact),
      once_key: input.onceKey,
      state: 'pending',
      source: toJson(input.source),
      trigger: toJson(input.trigger),
      configuration: toJson(input.configuration),
      sealed_variables: input.sealedVariables,
      branch: input.source.branch,
      production: environment.name === 'production',
    })
    .execute();
  await tx
    .insertInto('job')
    .values(
      input.jobs.map((job) => ({
        deployment_id: input.id,
        type: job.type,
        position: job.order,
        depends_on: toJson(job.dependsOn),
        required: job.required,
        status: 'pending' as const,
      })),
    )
    .execute();
  if (input.idempotency !== null) {
    const { key, tokenId, requestHash } = input.idempotency;
    await tx
      .insertInto('idempotency')
      .values({ key, token_id: tokenId, request_hash: requestHash, deployment_id: input.id })
      .execute();
  }
  if (input.autoDeployHeld !== undefined) {
    await tx
      .updateTable('environment')
      .set({ auto_deploy_held: input.autoDeployHeld })
      .where('id', '=', input.environmentId)
      .execute();
  }
  const owner = { id: input.id, project_id: input.projectId };
  await appendTimeline(tx, owner, [{ kind: 'state.changed', from: null, to: 'pending', reason: null }]);
}
