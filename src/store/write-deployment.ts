import { sql, type Kysely, type Selectable, type UpdateObject } from 'kysely';
import type { PausableState } from '../domain/deployment.ts';
import {
  holdsEnvironment,
  isFinal,
  transition,
  type DeploymentEvent,
  type DeploymentState,
} from '../domain/deployment-state.ts';
import { CutoverError } from '../domain/errors.ts';
import type { ObservationOutcome } from '../domain/observation.ts';
import type { TimelineEntry } from '../domain/timeline.ts';
import { FencedError, type Lease, type Want, type Write } from '../engine/ports/deployment-store.ts';
import { closeObservation } from './observation-rows.ts';
import { toJson, type Database, type DeploymentTable } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';
import { writeOthers } from './write-deployment-others.ts';
import { writeInstances, writeJobs, writeJournal, writeRoute } from './write-deployment-parts.ts';

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
    refuseToGoOn(row, write);
    const next = write.transition === undefined ? row.state : nextState(row, write.transition);
    const update = columnsOf(row, write, next);
    if (Object.keys(update).length > 0) {
      await tx.updateTable('deployment').set(update).where('id', '=', row.id).execute();
    }
    // The observer locks in this order too: deployments, observations, the route.
    await writeOthers(tx, row, write);
    if (write.route !== undefined) await writeRoute(tx, lease, write.route);
    await writeJobs(tx, row.id, write);
    await writeInstances(tx, write.instances ?? []);
    await writeJournal(tx, lease, write.journal ?? []);
    if (write.freeSlotOf !== undefined)
      await tx.deleteFrom('slot').where('deployment_id', '=', write.freeSlotOf).execute();
    await appendTimeline(tx, row, timelineOf(row, write, next));
    const ended = endOfObservation(row, write, next);
    if (ended !== null) await closeObservation(tx, row, ended);
    await notifyAll(tx, row.id);
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

/** Wishes that win over everything: the leader has to see them before it goes on. */
const endings: ReadonlySet<Want> = new Set<Want>(['cancel', 'delete', 'take-back']);
const refusedToTheUnwanted: ReadonlySet<DeploymentEvent['type']> = new Set<DeploymentEvent['type']>([
  'instances-starting',
  'predecessor-drained',
  'paused',
  'resumed',
]);

/** Traffic that was taken from a version is not given to it again by a leader that has not heard of it yet. */
function refuseToGoOn(row: Locked, { route, verdict }: Write): void {
  if (route == null || row.want !== 'take-back' || row.verdict !== null || verdict !== undefined) return;
  throw new CutoverError('cancelled', `#${row.number} is to be taken back, so it gets no traffic`);
}

function nextState(row: Locked, event: DeploymentEvent): DeploymentState {
  // What is held goes on once more to be taken back.
  const toBeTakenBack = row.want === 'take-back' && event.type === 'resumed';
  if (row.want !== null && endings.has(row.want) && refusedToTheUnwanted.has(event.type) && !toBeTakenBack) {
    throw new CutoverError('cancelled', `#${row.number} is to end (${row.want}), so it cannot go on`);
  }
  // Held is what somebody asked for; as completed it would be stopped.
  if (row.want === 'pause' && event.type === 'predecessor-drained') {
    throw new CutoverError('illegal_transition', `#${row.number} is to be paused, so it is not completed`);
  }
  if (event.type === 'resumed' && event.to !== row.paused_from) {
    throw new CutoverError('illegal_transition', `#${row.number} was not paused when it was ${event.to}`);
  }
  const result = transition(row.state, event);
  if (!result.ok) throw new CutoverError('illegal_transition', result.message);
  return result.state;
}

function columnsOf(row: Locked, write: Write, next: DeploymentState): UpdateObject<Database, 'deployment'> {
  const update: UpdateObject<Database, 'deployment'> = {};
  if (write.reason !== undefined) update.reason = write.reason;
  if (write.commit !== undefined) update.source = toJson({ ...row.source, commit: write.commit });
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
function wantDone({ want }: Locked): UpdateObject<Database, 'deployment'> {
  if (want !== null && endings.has(want)) return { acting: false };
  return { acting: false, want: null, wanted_by: null };
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

/** null: it goes on, if there is one. A rollout that is held is still compared. */
function endOfObservation(
  row: Locked,
  write: Write,
  next: DeploymentState,
): { readonly outcome: ObservationOutcome; readonly message: string } | null {
  if (next === row.state) return null;
  const message = write.reason ?? next;
  if (next === 'failed') return { outcome: 'rolled-back', message };
  if (isFinal(next) || (row.state === 'completed' && next === 'paused')) return { outcome: 'interrupted', message };
  return null;
}

function timelineOf(row: Locked, write: Write, next: DeploymentState): TimelineEntry[] {
  const entries = [...(write.timeline ?? [])];
  const by = row.wanted_by;
  const told = entries.some(({ kind }) => kind === 'paused' || kind === 'resumed');
  if (by !== null && !told && write.transition?.type === 'paused') entries.push({ kind: 'paused', by });
  if (by !== null && !told && write.transition?.type === 'resumed') entries.push({ kind: 'resumed', by });
  if (next !== row.state)
    entries.push({ kind: 'state.changed', from: row.state, to: next, reason: write.reason ?? null });
  return entries;
}
