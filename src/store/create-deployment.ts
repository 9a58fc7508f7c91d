import { sql, type Kysely } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import { lineOf } from '../domain/source.ts';
import type { NewDeploymentRecord } from '../engine/ports/deployment-store.ts';
import { wantCancelled } from './cancel-deployment.ts';
import { answeredBefore, rememberAnswer } from './idempotency.ts';
import { toJson, type Database } from './schema.ts';
import { wakeForDeployment } from './sleep.ts';
import { isOneOf } from './state-literals.ts';
import { supersede } from './supersede.ts';
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
    await refuseWhereHeld(tx, input);
    await makeWay(tx, input, project.last_number);
    await insert(tx, input, project.last_number);
    await wakeForDeployment(tx, input.environmentId);
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
  return answeredBefore(tx, input.idempotency);
}

/** Somebody may have gone back, and held what is deployed by itself, after it was read that nothing is held (rule 5.7). */
async function refuseWhereHeld(tx: Kysely<Database>, { environmentId, trigger }: NewDeploymentRecord): Promise<void> {
  if (trigger.kind !== 'push') return;
  const environment = await tx
    .selectFrom('environment')
    .select(['name', 'auto_deploy_held'])
    .where('id', '=', environmentId)
    .executeTakeFirst();
  const held = environment?.auto_deploy_held ?? null;
  if (held !== null) throw new CutoverError('auto_deploy_held', `auto-deploy of ${environment?.name} is held: ${held}`);
}

/**
 * A newer trigger of the same branch replaces an older one that still waits (rule 2.4), but no rollback. A rollback replaces everything
 * that waits: it was meant for the environment as it is.
 */
async function makeWay(tx: Kysely<Database>, input: NewDeploymentRecord, number: number): Promise<void> {
  if (isAutomaticRollback(input)) return;
  const branch = clearsTheWay(input) ? null : lineOf(input.source);
  await supersede(tx, { environmentId: input.environmentId, branch }, `superseded by #${number}`);
  if (clearsTheWay(input)) await cancelRunning(tx, input, number);
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
    .where(isOneOf('state', ['running']))
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
      branch: lineOf(input.source),
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
  await rememberAnswer(tx, input.idempotency, input.id);
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
