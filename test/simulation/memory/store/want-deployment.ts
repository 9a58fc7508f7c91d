import { whyNotCancelled } from '../../../../src/domain/cancel.ts';
import { isRolledOut, transition } from '../../../../src/domain/deployment-state.ts';
import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Verdict, Want } from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';
import { changeDeployment, otherActive, serves } from './deployment-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { appendTimeline, isoTime, type Transaction } from './transaction.ts';

/** What waits is cancelled here and now; what runs is marked, and its worker told. */
export function requestCancel(tx: Transaction, deploymentId: string): void {
  const row = find(tx, deploymentId);
  const { state } = row.deployment;
  const refused = whyNotCancelled(row.deployment);
  if (refused !== null) refuse(row, refused);
  if (state === 'pending') cancelPending(tx, row, 'cancelled by a user');
  else wantCancelled(tx, row, null);
  tx.db.tell(deploymentId);
}

/** Marks what runs; `reason` null: a user's. What is to be deleted or taken back is not merely cancelled. */
export function wantCancelled({ db }: Transaction, row: DeploymentRow, reason: string | null): void {
  if (row.want !== null && row.want !== 'pause' && row.want !== 'resume') return;
  const wantedVerdict: Verdict | null = reason === null ? null : { outcome: 'cancelled', code: 'cancelled', reason };
  changeDeployment(db, row, { want: 'cancel', wantedBy: null, wantedVerdict });
}

export function cancelPending(tx: Transaction, row: DeploymentRow, reason: string): void {
  changeDeployment(tx.db, row, {
    deployment: { state: 'cancelled', reason, finishedAt: isoTime(tx.now) },
    jobs: row.jobs.map((job) => ({ ...job, status: 'cancelled' })),
  });
  appendTimeline(tx, row, [{ kind: 'state.changed', from: 'pending', to: 'cancelled', reason }]);
}

/** Asks the worker of a rollout, or whoever claims what serves, to hold it. */
export function requestPause(tx: Transaction, deploymentId: string, by: string): void {
  ask(tx, { deploymentId, want: 'pause', by }, (row) => {
    const { state } = row.deployment;
    if (!transition(state, { type: 'paused' }).ok)
      refuse(row, `is ${state} and cannot be paused: only what is rolled out or serves can`);
    if (state !== 'completed') return;
    if (!serves(tx.db, row)) refuse(row, 'does not serve any more, so there is nothing to pause');
    refuseWhileAnotherIsActive(tx, row);
  });
}

/** Asks for a paused deployment to be claimed and brought back. */
export function requestResume(tx: Transaction, deploymentId: string, by: string): void {
  ask(tx, { deploymentId, want: 'resume', by }, (row) => {
    const { state, pausedFrom } = row.deployment;
    if (state !== 'paused') refuse(row, `is ${state} and cannot be resumed: only what is paused can`);
    if (pausedFrom !== 'completed') return;
    if (!serves(tx.db, row)) refuse(row, 'has been replaced, so it cannot be resumed');
    refuseWhileAnotherIsActive(tx, row);
  });
}

/** Asks the worker of a rollout, also of one that is held, to take it back; false when it is no rollout. */
export function requestTakeBack({ db }: Transaction, deploymentId: string, verdict: Verdict): boolean {
  const row = db.deployments.get(deploymentId);
  return row !== undefined && wantTakenBack(db, row, verdict);
}

/** What a user wants to be deleted ends as deleted; every other wish gives way. */
export function wantTakenBack(db: MemoryDatabase, row: DeploymentRow, verdict: Verdict): boolean {
  const { deployment, want } = row;
  if (!isRolledOut(deployment)) return false;
  if (want === 'delete' || want === 'take-back' || row.verdict !== null) return true;
  changeDeployment(db, row, { want: 'take-back', wantedVerdict: verdict, wantedBy: null });
  db.tell(deployment.id);
  return true;
}

interface Wish {
  readonly deploymentId: string;
  readonly want: 'pause' | 'resume';
  readonly by: string;
}

function ask(tx: Transaction, { deploymentId, want, by }: Wish, check: (row: DeploymentRow) => void): void {
  const row = find(tx, deploymentId);
  if (tx.db.environments.get(row.deployment.environmentId)?.deleting !== false) refuse(row, 'is being deleted');
  check(row);
  if (row.want === want) return;
  if (row.verdict !== null || row.want !== null) refuse(row, describeBusy(row.want, want));
  changeDeployment(tx.db, row, { want, wantedBy: by });
  tx.db.tell(deploymentId);
}

function find({ db }: Transaction, deploymentId: string): DeploymentRow {
  const row = db.deployments.get(deploymentId);
  if (row === undefined) throw new CutoverError('not_found', 'there is no such deployment');
  return row;
}

function refuseWhileAnotherIsActive({ db }: Transaction, row: DeploymentRow): void {
  const other = otherActive(db, row);
  if (other === null) return;
  refuse(row, `has to wait until #${other.deployment.number}, which is being rolled out, has come to its end`);
}

function describeBusy(present: Want | null, wanted: Wish['want']): string {
  if (present === 'pause') return 'is about to be paused: resume it when it is';
  if (present === 'resume') return 'is about to be resumed: pause it when it is';
  if (present === 'sleep') return 'is just falling asleep: try again in a moment';
  if (present === 'wake') return 'is just waking: try again in a moment';
  return `is being taken back and cannot be ${wanted}d any more`;
}

function refuse({ deployment }: DeploymentRow, why: string): never {
  throw new CutoverError('illegal_transition', `#${deployment.number} ${why}`);
}
