import { holdsEnvironment, isFinal, type DeploymentState } from '../../../../src/domain/deployment-state.ts';
import type { Deployment } from '../../../../src/domain/deployment.ts';
import {
  endOfObservation,
  isEnding,
  nextState,
  refuseTraffic,
  timelineOf,
  type LedDeployment,
} from '../../../../src/domain/led-change.ts';
import { resolveSource } from '../../../../src/domain/source.ts';
import { FencedError, type Lease, type Write } from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';
import { changeDeployment, type DeploymentChange } from './deployment-rows.ts';
import { closeObservation } from './observation-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { wantAfterSleep } from './sleep.ts';
import { appendTimeline, isoTime, type Transaction } from './transaction.ts';
import { writeOthers } from './write-deployment-others.ts';
import { changeJobs, freeSlotOf, writeInstances, writeJournal, writeRoute } from './write-deployment-parts.ts';

/** New state, timeline, journal, route and instances at once, refused when the lease has passed to somebody else. */
export function writeDeployment(tx: Transaction, lease: Lease, write: Write): void {
  const { db } = tx;
  const row = held(tx, lease);
  const led = ledOf(row);
  if (write.route != null && write.verdict === undefined) refuseTraffic(led);
  const next = nextState(led, write.transition);
  changeDeployment(db, row, {
    ...columnsOf(db, row, write, { next, at: isoTime(tx.now) }),
    jobs: changeJobs(row.jobs, write, isoTime(tx.now)),
  });
  writeOthers(tx, row, write);
  if (write.route !== undefined) writeRoute(tx, lease, write.route);
  writeInstances(db, write.instances ?? []);
  writeJournal(tx, lease, write.journal ?? []);
  if (write.freeSlotOf !== undefined) freeSlotOf(db, write.freeSlotOf);
  appendTimeline(tx, row, timelineOf(led, write, next));
  const ended = endOfObservation(led, write, next);
  if (ended !== null) closeObservation(tx, row, ended);
  db.tell(row.deployment.id);
}

/** The row of what the lease is of. Errors: `FencedError`. */
export function held({ db }: Transaction, lease: Lease): DeploymentRow {
  const row = db.deployments.get(lease.deploymentId);
  if (row === undefined || row.epoch !== lease.epoch) throw new FencedError(lease.deploymentId);
  return row;
}

/** As the rules know it. */
function ledOf({ deployment: { number, state, pausedFrom }, want, wantedBy, verdict }: DeploymentRow): LedDeployment {
  return { number, state, pausedFrom, want, wantedBy, judged: verdict !== null };
}

interface Step {
  readonly next: DeploymentState;
  /** ISO 8601. */
  readonly at: string;
}

function columnsOf(db: MemoryDatabase, row: DeploymentRow, write: Write, step: Step): DeploymentChange {
  const { deployment } = row;
  const changed = step.next !== deployment.state;
  return {
    ...(write.counterBaseline === undefined ? {} : { counterBaseline: write.counterBaseline }),
    // The first verdict stands.
    ...(write.verdict === undefined || row.verdict !== null ? {} : { verdict: write.verdict }),
    ...(write.wantDone === true ? wantDone(db, row) : {}),
    ...(changed ? leaseAfter(row, step.next) : {}),
    deployment: { ...written(deployment, write), ...(changed ? stateColumns(row, write, step) : {}) },
  };
}

/** What is said of the deployment itself. */
function written(deployment: Deployment, write: Write): Partial<Deployment> {
  const { reason, configured, artifact, requests, measurements } = write;
  return {
    ...(reason === undefined ? {} : { reason }),
    source: resolveSource(deployment.source, write),
    ...(configured === undefined ? {} : { configuration: { ...deployment.configuration, ...configured } }),
    ...(artifact === undefined ? {} : { artifact }),
    ...(requests === undefined ? {} : { requests }),
    ...(measurements === undefined ? {} : { measurements: { ...deployment.measurements, ...measurements } }),
  };
}

/** A wish to end is done by nothing but the end. */
function wantDone(db: MemoryDatabase, { want, deployment }: DeploymentRow): DeploymentChange {
  if (isEnding(want)) return { acting: false };
  const next = want === 'sleep' ? wantAfterSleep(db, deployment.environmentId) : null;
  return { acting: false, want: next, wantedBy: null };
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
