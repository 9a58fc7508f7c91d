import { sql, type Kysely } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import { onceKeyOfPreview } from '../domain/preview.ts';
import { lineOf } from '../domain/source.ts';
import type { NewDeploymentRecord } from '../engine/ports/deployment-store.ts';
import { wantCancelled } from './cancel-deployment.ts';
import { isNoDeploymentUrl } from './deployment-urls.ts';
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
    const place = await readPlace(tx, input.environmentId);
    refuseWhereFixed(place, input);
    refuseWhereHeld(place, input);
    await makeWay(tx, input, project.last_number);
    // Before the environment's row is written: whoever claims has the deployment's row first, too.
    if (place.sleeps) await wakeForDeployment(tx, input.environmentId);
    await insert(tx, input, { number: project.last_number, place });
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

interface Place {
  readonly name: string;
  /** Why nothing is deployed there by itself. */
  readonly held: string | null;
  /** Of the one deployment that is shown there; null: whatever is deployed. */
  readonly shows: string | null;
  /** What serves there sleeps, or is about to. */
  readonly sleeps: boolean;
}

/** Error: `not_found`. */
async function readPlace(tx: Kysely<Database>, environmentId: string): Promise<Place> {
  const { rows } = await sql<Place>`
    select e.name, e.auto_deploy_held as held,
      (select p.subject ->> 'number' from preview p where p.environment_id = e.id and not ${isNoDeploymentUrl('p')}) as shows,
      exists (select from route r where r.environment_id = e.id and r.mode = 'asleep')
        or exists (select from deployment d where d.id = e.current_deployment_id and d.want = 'sleep') as sleeps
    from environment e where e.id = ${environmentId} and not e.deleting`.execute(tx);
  const [place] = rows;
  if (place === undefined) throw new CutoverError('not_found', 'the environment is being deleted');
  return place;
}

/** A URL that stays with one deployment never shows another one. */
function refuseWhereFixed({ shows }: Place, { environmentId, onceKey }: NewDeploymentRecord): void {
  if (shows === null || onceKey === onceKeyOfPreview(environmentId, 1)) return;
  throw new CutoverError('invalid_input', `environment: it shows #${shows}, and nothing else is ever deployed there`);
}

/** Somebody may have gone back, and held what is deployed by itself, after it was read that nothing is held (rule 5.7). */
function refuseWhereHeld({ name, held }: Place, { trigger }: NewDeploymentRecord): void {
  if (trigger.kind === 'push' && held !== null)
    throw new CutoverError('auto_deploy_held', `auto-deploy of ${name} is held: ${held}`);
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

interface Placed {
  readonly number: number;
  readonly place: Place;
}

async function insert(tx: Kysely<Database>, input: NewDeploymentRecord, { number, place }: Placed): Promise<void> {
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
      production: place.name === 'production',
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
