import {
  holdsEnvironment,
  isFinal,
  transition,
  type DeploymentEvent,
  type DeploymentState,
} from '../../../../src/domain/deployment-state.ts';
import type { Deployment } from '../../../../src/domain/deployment.ts';
import { CutoverError } from '../../../../src/domain/errors.ts';
import type { ObservationOutcome } from '../../../../src/domain/observation.ts';
import type { TimelineEntry } from '../../../../src/domain/timeline.ts';
import { FencedError, type Lease, type Want, type Write } from '../../../../src/engine/ports/deployment-store.ts';
import { changeDeployment, type DeploymentChange } from './deployment-rows.ts';
import { closeObservation } from './observation-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { appendTimeline, isoTime, type Transaction } from './transaction.ts';
import { writeOthers } from './write-deployment-others.ts';
import { changeJobs, freeSlotOf, writeInstances, writeJournal, writeRoute } from './write-deployment-parts.ts';

/** New state, timeline, journal, route and instances at once, refused when the lease has passed to somebody else. */
export function writeDeployment(tx: Transaction, lease: Lease, write: Write): void {
  const { db } = tx;
  const row = held(tx, lease);
  refuseToGoOn(row, write);
  const next = write.transition === undefined ? row.deployment.state : nextState(row, write.transition);
  changeDeployment(db, row, {
    ...columnsOf(row, write, { next, at: isoTime(tx.now) }),
    jobs: changeJobs(row.jobs, write, isoTime(tx.now)),
  });
  writeOthers(tx, row, write);
  if (write.route !== undefined) writeRoute(tx, lease, write.route);
  writeInstances(db, write.instances ?? []);
  writeJournal(tx, lease, write.journal ?? []);
  if (write.freeSlotOf !== undefined) freeSlotOf(db, write.freeSlotOf);
  appendTimeline(tx, row, timelineOf(row, write, next));
  const ended = endOfObservation(row, write, next);
  if (ended !== null) closeObservation(tx, row, ended);
  db.tell(row.deployment.id);
}

/** The row of what the lease is of. Errors: `FencedError`. */
export function held({ db }: Transaction, lease: Lease): DeploymentRow {
  const row = db.deployments.get(lease.deploymentId);
  if (row === undefined || row.epoch !== lease.epoch) throw new FencedError(lease.deploymentId);
  return row;
}

/** Wishes that win over everything: the leader has to see them before it goes on. */
const endings: ReadonlySet<Want | null> = new Set<Want>(['cancel', 'delete', 'take-back']);
const refusedToTheUnwanted: ReadonlySet<DeploymentEvent['type']> = new Set<DeploymentEvent['type']>([
  'instances-starting',
  'predecessor-drained',
  'paused',
  'resumed',
]);

/** Traffic that was taken from a version is not given to it again by a leader that has not heard of it yet. */
function refuseToGoOn({ deployment, want, verdict }: DeploymentRow, write: Write): void {
  if (write.route == null || want !== 'take-back' || verdict !== null || write.verdict !== undefined) return;
  throw new CutoverError('cancelled', `#${deployment.number} is to be taken back, so it gets no traffic`);
}

function nextState({ deployment, want }: DeploymentRow, event: DeploymentEvent): DeploymentState {
  const { number, state, pausedFrom } = deployment;
  // What is held goes on once more to be taken back.
  const toBeTakenBack = want === 'take-back' && event.type === 'resumed';
  if (endings.has(want) && refusedToTheUnwanted.has(event.type) && !toBeTakenBack) {
    throw new CutoverError('cancelled', `#${number} is to end (${want}), so it cannot go on`);
  }
  if (want === 'pause' && event.type === 'predecessor-drained') {
    throw new CutoverError('illegal_transition', `#${number} is to be paused, so it is not completed`);
  }
  if (event.type === 'resumed' && event.to !== pausedFrom) {
    throw new CutoverError('illegal_transition', `#${number} was not paused when it was ${event.to}`);
  }
  const result = transition(state, event);
  if (!result.ok) throw new CutoverError('illegal_transition', result.message);
  return result.state;
}

interface Step {
  readonly next: DeploymentState;
  /** ISO 8601. */
  readonly at: string;
}

function columnsOf(row: DeploymentRow, write: Write, step: Step): DeploymentChange {
  const { deployment } = row;
  const changed = step.next !== deployment.state;
  return {
    ...(write.counterBaseline === undefined ? {} : { counterBaseline: write.counterBaseline }),
    // The first verdict stands.
    ...(write.verdict === undefined || row.verdict !== null ? {} : { verdict: write.verdict }),
    ...(write.wantDone === true ? wantDone(row) : {}),
    ...(changed ? leaseAfter(row, step.next) : {}),
    deployment: { ...written(deployment, write), ...(changed ? stateColumns(row, write, step) : {}) },
  };
}

/** What is said of the deployment itself. */
function written(deployment: Deployment, write: Write): Partial<Deployment> {
  const { reason, commit, configured, artifact, requests, measurements } = write;
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(commit === undefined ? {} : { source: { ...deployment.source, commit } }),
    ...(configured === undefined ? {} : { configuration: { ...deployment.configuration, ...configured } }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(requests === undefined ? {} : { requests }),
    ...(measurements === undefined ? {} : { measurements: { ...deployment.measurements, ...measurements } }),
  };
}

/** A wish to end is done by nothing but the end. */
function wantDone({ want }: DeploymentRow): DeploymentChange {
  return endings.has(want) ? { acting: false } : { acting: false, want: null, wantedBy: null };
}

function leaseAfter({ acting }: DeploymentRow, next: DeploymentState): DeploymentChange {
  return {
    // What is done to it for a wish may have to be gone on with.
    ...(isFinal(next) || (!holdsEnvironment(next) && !acting) ? { leaseUntil: null } : {}),
    ...(isFinal(next) || holdsEnvironment(next) ? { acting: false } : {}),
  };
}

function stateColumns({ deployment, verdict }: DeploymentRow, write: Write, { next, at }: Step): Partial<Deployment> {
  const { state, readyAt, completedAt, finishedAt } = deployment;
  return {
    state: next,
    ...(next === 'ready' ? { readyAt: readyAt ?? at } : {}),
    ...(next === 'completed' ? { completedAt: completedAt ?? at } : {}),
    ...(isFinal(next) || next === 'completed' ? { finishedAt: finishedAt ?? at } : {}),
    ...(next === 'paused' && (state === 'deploying' || state === 'ready' || state === 'completed')
      ? { pausedFrom: state }
      : {}),
    // Why it stayed paused is no reason of what it is now.
    ...(state === 'paused' ? { pausedFrom: null, reason: write.reason ?? null } : {}),
    ...(next === 'failed' && verdict?.code != null ? { failure: { code: verdict.code, message: verdict.reason } } : {}),
  };
}

/** null: it goes on, if there is one. A rollout that is held is still compared. */
function endOfObservation(
  { deployment: { state } }: DeploymentRow,
  { reason }: Write,
  next: DeploymentState,
): { readonly outcome: ObservationOutcome; readonly message: string } | null {
  if (next === state) return null;
  const message = reason ?? next;
  if (next === 'failed') return { outcome: 'rolled-back', message };
  if (isFinal(next) || (state === 'completed' && next === 'paused')) return { outcome: 'interrupted', message };
  return null;
}

function timelineOf(
  { wantedBy: by, deployment: { state } }: DeploymentRow,
  write: Write,
  next: DeploymentState,
): readonly TimelineEntry[] {
  const entries = [...(write.timeline ?? [])];
  const told = entries.some(({ kind }) => kind === 'paused' || kind === 'resumed');
  const type = write.transition?.type;
  if (by !== null && !told && (type === 'paused' || type === 'resumed')) entries.push({ kind: type, by });
  if (next !== state) entries.push({ kind: 'state.changed', from: state, to: next, reason: write.reason ?? null });
  return entries;
}
