import { sql, type Kysely, type Selectable, type UpdateObject } from 'kysely';
import { isFinal, transition, type DeploymentEvent, type DeploymentState } from '../domain/deployment-state.ts';
import { CutoverError } from '../domain/errors.ts';
import type { TimelineEntry } from '../domain/timeline.ts';
import { FencedError, type Lease, type Write } from '../engine/ports/deployment-store.ts';
import { toJson, type Database, type DeploymentTable } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';
import { writeInstances, writeJobs, writeJournal, writeRoute } from './write-deployment-parts.ts';

type Locked = Pick<
  Selectable<DeploymentTable>,
  'id' | 'project_id' | 'environment_id' | 'epoch' | 'state' | 'want' | 'verdict' | 'source'
>;

/** New state, timeline, journal, route and instances in one transaction, refused when the lease has passed to somebody else. */
export async function writeDeployment(db: Kysely<Database>, lease: Lease, write: Write): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await lock(tx, lease);
    const next = write.transition === undefined ? row.state : nextState(row, write.transition);
    const update = columnsOf(row, write, next);
    if (Object.keys(update).length > 0) {
      await tx.updateTable('deployment').set(update).where('id', '=', row.id).execute();
    }
    if (write.route !== undefined) await writeRoute(tx, lease, write.route);
    if (write.becomesCurrent === true) {
      await tx
        .updateTable('environment')
        .set({ current_deployment_id: row.id })
        .where('id', '=', row.environment_id)
        .execute();
    }
    await writeJobs(tx, row.id, write);
    await writeInstances(tx, write.instances ?? []);
    await writeJournal(tx, lease, write.journal ?? []);
    if (write.retired !== undefined) await retire(tx, write.retired);
    if (write.freeSlotOf !== undefined)
      await tx.deleteFrom('slot').where('deployment_id', '=', write.freeSlotOf).execute();
    await appendTimeline(tx, row, timelineOf(row, write, next));
    await notifyAll(tx, row.id);
  });
}

async function lock(tx: Kysely<Database>, lease: Lease): Promise<Locked> {
  const row = await tx
    .selectFrom('deployment')
    .select(['id', 'project_id', 'environment_id', 'epoch', 'state', 'want', 'verdict', 'source'])
    .where('id', '=', lease.deploymentId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || row.epoch !== lease.epoch) throw new FencedError(lease.deploymentId);
  return row;
}

function nextState(row: Locked, event: DeploymentEvent): DeploymentState {
  if (event.type === 'instances-starting' && row.want !== null) {
    throw new CutoverError('cancelled', 'the deployment was cancelled before its instances were started');
  }
  const result = transition(row.state, event);
  if (!result.ok) throw new CutoverError('illegal_transition', result.message);
  return result.state;
}

function columnsOf(row: Locked, write: Write, next: DeploymentState): UpdateObject<Database, 'deployment'> {
  const update: UpdateObject<Database, 'deployment'> = {};
  if (next !== row.state) update.state = next;
  if (write.reason !== undefined) update.reason = write.reason;
  if (write.commit !== undefined) update.source = toJson({ ...row.source, commit: write.commit });
  if (write.artifact !== undefined) update.artifact = toJson(write.artifact);
  if (write.requests !== undefined) update.requests = toJson(write.requests);
  if (write.counterBaseline !== undefined) update.counter_baseline = toJson(write.counterBaseline);
  // The first verdict stands: what is being taken back is not judged again.
  if (write.verdict !== undefined && row.verdict === null) update.verdict = toJson(write.verdict);
  if (next === 'ready' && row.state !== 'ready') update.ready_at = sql<string>`now()`;
  if (next !== row.state && (isFinal(next) || next === 'completed')) {
    update.finished_at = sql<string>`now()`;
    update.lease_until = null;
  }
  if (next === 'failed' && row.verdict?.code != null) {
    update.failure = toJson({ code: row.verdict.code, message: row.verdict.reason });
  }
  return update;
}

function timelineOf(row: Locked, write: Write, next: DeploymentState): TimelineEntry[] {
  const entries = [...(write.timeline ?? [])];
  if (next !== row.state)
    entries.push({ kind: 'state.changed', from: row.state, to: next, reason: write.reason ?? null });
  return entries;
}

/** Ends another deployment of the environment, which no worker leads any more. */
async function retire(tx: Kysely<Database>, retired: NonNullable<Write['retired']>): Promise<void> {
  const old = await tx
    .selectFrom('deployment')
    .select(['id', 'project_id', 'state'])
    .where('id', '=', retired.deploymentId)
    .forUpdate()
    .executeTakeFirst();
  if (old === undefined || isFinal(old.state)) return;
  const result = transition(old.state, { type: 'stopped' });
  if (!result.ok) throw new CutoverError('illegal_transition', result.message);
  await tx
    .updateTable('deployment')
    .set({ state: result.state, reason: retired.reason })
    .where('id', '=', old.id)
    .execute();
  await appendTimeline(tx, old, [{ kind: 'state.changed', from: old.state, to: result.state, reason: retired.reason }]);
  await notifyAll(tx, old.id);
}
