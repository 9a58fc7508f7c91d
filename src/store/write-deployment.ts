import { sql, type Kysely, type Selectable, type UpdateObject } from 'kysely';
import type { PausableState } from '../domain/deployment.ts';
import { holdsEnvironment, isFinal, type DeploymentState } from '../domain/deployment-state.ts';
import {
  endOfObservation,
  isEnding,
  nextState,
  refuseTraffic,
  timelineOf,
  type LedDeployment,
} from '../domain/led-change.ts';
import { resolveSource } from '../domain/source.ts';
import { FencedError, type Lease, type Write } from '../engine/ports/deployment-store.ts';
import { closeObservation } from './observation-rows.ts';
import { changeAndCommit, changeTogether } from './one-statement.ts';
import { toJson, type Database, type DeploymentTable } from './schema.ts';
import { wantAfterSleep } from './sleep.ts';
import { timelineRows } from './timeline-rows.ts';
import { tellAll } from './wakeups.ts';
import { writeOthers } from './write-deployment-others.ts';
import { instanceChanges, jobChanges, journalChanges, writePlan, writeRoute } from './write-deployment-parts.ts';

const lockedColumns = [
  'id',
  'project_id',
  'environment_id',
  'number',
  'epoch',
  'state',
  'paused_from',
  'acting',
  'want',
  'wanted_by',
  'verdict',
  'source',
  'origin',
] as const;
type Locked = Pick<Selectable<DeploymentTable>, (typeof lockedColumns)[number]>;

/** New state, timeline, journal, route and instances in one transaction, refused when the lease has passed to somebody else. */
export async function writeDeployment(db: Kysely<Database>, lease: Lease, write: Write): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await lock(tx, lease);
    const led = ledOf(row);
    if (write.route != null && write.verdict === undefined) refuseTraffic(led);
    const next = nextState(led, write.transition);
    const update = columnsOf(row, write, next);
    // The observer locks in this order too: deployments, observations, the route.
    await writeOthers(tx, row, write);
    if (write.route !== undefined) await writeRoute(tx, lease, write.route);
    if (write.plan !== undefined) await writePlan(tx, row.id, write.plan);
    const entries = timelineOf(led, write, next);
    const changes = [
      ...(Object.keys(update).length === 0 ? [] : [tx.updateTable('deployment').set(update).where('id', '=', row.id)]),
      ...jobChanges(row.id, write.jobs ?? []),
      ...instanceChanges(tx, write.instances ?? []),
      ...journalChanges(tx, lease, write.journal ?? []),
      ...(write.freeSlotOf === undefined ? [] : [tx.deleteFrom('slot').where('deployment_id', '=', write.freeSlotOf)]),
      ...(entries.length === 0 ? [] : [timelineRows(tx, row, entries)]),
    ];
    const ended = endOfObservation(led, write, next);
    // What becomes of it stands in the timeline after what was done.
    if (ended !== null) await changeTogether(tx, changes.splice(0));
    if (ended !== null) await closeObservation(tx, row, ended);
    await changeAndCommit(tx, changes, tellAll(row.id));
  });
}

async function lock(tx: Kysely<Database>, lease: Lease): Promise<Locked> {
  const row = await tx
    .selectFrom('deployment')
    .select(lockedColumns)
    .where('id', '=', lease.deploymentId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || row.epoch !== lease.epoch) throw new FencedError(lease.deploymentId);
  return row;
}

/** As the rules know it. */
function ledOf({ number, state, paused_from, want, wanted_by, verdict }: Locked): LedDeployment {
  return { number, state, pausedFrom: paused_from, want, wantedBy: wanted_by, judged: verdict !== null };
}

function columnsOf(row: Locked, write: Write, next: DeploymentState): UpdateObject<Database, 'deployment'> {
  const update: UpdateObject<Database, 'deployment'> = {};
  if (write.reason !== undefined) update.reason = write.reason;
  if (write.commit !== undefined || write.digest !== undefined || write.tree !== undefined)
    update.source = toJson(resolveSource(row.source, write));
  if (write.configured !== undefined) update.configuration = sql`configuration || ${toJson(write.configured)}::jsonb`;
  if (write.artifact !== undefined) update.artifact = toJson(write.artifact);
  if (write.requests !== undefined) update.requests = toJson(write.requests);
  if (write.measurements !== undefined) update.measurements = sql`measurements || ${toJson(write.measurements)}::jsonb`;
  if (write.counterBaseline !== undefined) update.counter_baseline = toJson(write.counterBaseline);
  // The first verdict stands: what is being taken back is not judged again.
  if (write.verdict !== undefined && row.verdict === null) update.verdict = toJson(write.verdict);
  if (write.wantDone === true) Object.assign(update, wantDone(row));
  if (next !== row.state) Object.assign(update, columnsOfChange(row, write, next));
  return update;
}

/** A wish to end is done by nothing but the end. */
function wantDone({ want, environment_id }: Locked): UpdateObject<Database, 'deployment'> {
  if (isEnding(want)) return { acting: false };
  return { acting: false, want: want === 'sleep' ? wantAfterSleep(environment_id) : null, wanted_by: null };
}

function columnsOfChange(row: Locked, write: Write, next: DeploymentState): UpdateObject<Database, 'deployment'> {
  const update: UpdateObject<Database, 'deployment'> = { state: next };
  if (next === 'ready') update.ready_at = sql<string>`coalesce(ready_at, now())`;
  if (next === 'completed') update.completed_at = sql<string>`coalesce(completed_at, now())`;
  if (isFinal(next) || next === 'completed') update.finished_at = sql<string>`coalesce(finished_at, now())`;
  // What is done to it for a wish may have to be gone on with.
  if (isFinal(next) || (!holdsEnvironment(next) && !row.acting)) update.lease_until = null;
  if (isFinal(next) || holdsEnvironment(next)) update.acting = false;
  if (isPausable(row.state) && next === 'paused') update.paused_from = row.state;
  if (row.state === 'paused') {
    update.paused_from = null;
    // Why it stayed paused is no reason of what it is now.
    update.reason = write.reason ?? null;
  }
  if (next === 'failed' && row.verdict?.code != null) {
    update.failure = toJson({ code: row.verdict.code, message: row.verdict.reason });
  }
  return update;
}

function isPausable(state: DeploymentState): state is PausableState {
  return state === 'deploying' || state === 'ready' || state === 'completed';
}
