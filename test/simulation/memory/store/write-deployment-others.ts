import { isFinal } from '../../../../src/domain/deployment-state.ts';
import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Want, Write } from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';
import { changeDeployment } from './deployment-rows.ts';
import { endDeployment } from './end-deployment.ts';
import { closeObservation, endedBy, openObservation } from './observation-rows.ts';
import type { DeploymentRow, ObservationRow } from './rows.ts';
import type { Transaction } from './transaction.ts';

/** What a write does to other deployments of the environment, and to what is observed there. */
export function writeOthers(tx: Transaction, writer: DeploymentRow, write: Write): void {
  const { becomesCurrent, becomesCurrentAgain, takeOver, observation, retired } = write;
  if (takeOver !== undefined) takeOverFrom(tx, writer, { ...takeOver, servesAgain: becomesCurrentAgain ?? null });
  if (observation !== undefined) {
    // Until its switch a rollout leaves what is observed alone.
    if (observation.endsInMs !== undefined) supersedeObservations(tx, writer);
    openObservation(tx, writer, observation);
  }
  if (retired !== undefined)
    end(tx, writer, { other: other(tx.db, writer, retired.deploymentId), reason: retired.reason });
  if (becomesCurrentAgain !== undefined) serveAgain(tx.db, writer, other(tx.db, writer, becomesCurrentAgain));
  if (becomesCurrent === true) makeCurrent(tx.db, writer, writer.deployment.id);
}

/** Of the same environment; null where there is no such deployment. */
function other(db: MemoryDatabase, { deployment }: DeploymentRow, id: string): DeploymentRow | null {
  const row = db.deployments.get(id);
  return row?.deployment.environmentId === deployment.environmentId ? row : null;
}

function observationsOfOthers({ db }: Transaction, { deployment }: DeploymentRow): readonly ObservationRow[] {
  const open = db.observations.where('open', deployment.environmentId);
  return open.filter(({ deploymentId }) => deploymentId !== deployment.id);
}

function supersedeObservations(tx: Transaction, writer: DeploymentRow): void {
  for (const { deploymentId } of observationsOfOthers(tx, writer)) {
    const observed = other(tx.db, writer, deploymentId);
    if (observed !== null) closeObservation(tx, observed, endedBy(writer.deployment, deploymentId));
  }
}

interface TakeOver {
  readonly deploymentId: string;
  readonly servesAgain: string | null;
}

/** Only from a version that is kept on standby: whoever closes that observation first has it, the other one comes too late. */
function takeOverFrom(tx: Transaction, writer: DeploymentRow, { deploymentId, servesAgain }: TakeOver): void {
  const { db } = tx;
  const { id, number } = writer.deployment;
  const warm = other(db, writer, deploymentId);
  const holder = observationsOfOthers(tx, writer).find(({ standbyId }) => standbyId === deploymentId);
  const fresh = holder === undefined ? null : other(db, writer, holder.deploymentId);
  const closed = fresh !== null && closeObservation(tx, fresh, endedBy(writer.deployment, fresh.deployment.id));
  if (warm === null || isFinal(warm.deployment.state) || !closed) {
    throw new CutoverError('illegal_transition', `#${warm?.deployment.number ?? '?'} is not on standby any more`);
  }
  if (db.instances.where('deployment', id).length > 0 || db.slots.where('deployment', id).length > 0) {
    throw new CutoverError('illegal_transition', `#${number} has instances or a slot of its own already`);
  }
  for (const instance of db.instances.where('deployment', deploymentId))
    db.instances.put(instance.id, { ...instance, deploymentId: id });
  for (const slot of db.slots.where('deployment', deploymentId))
    db.slots.put(String(slot.number), { ...slot, deploymentId: id });
  if (servesAgain !== deploymentId) end(tx, writer, { other: warm, reason: `taken over by #${number}` });
}

/** Ends another deployment of the environment, which no worker leads any more. */
function end(
  tx: Transaction,
  writer: DeploymentRow,
  { other: row, reason }: { readonly other: DeploymentRow | null; readonly reason: string },
): void {
  if (row === null || isFinal(row.deployment.state)) return;
  const refused = endDeployment(tx, row, { reason, observation: endedBy(writer.deployment, row.deployment.id) });
  if (refused !== null) throw new CutoverError('illegal_transition', refused);
}

function serveAgain(db: MemoryDatabase, writer: DeploymentRow, row: DeploymentRow | null): void {
  if (row === null || isFinal(row.deployment.state)) {
    throw new CutoverError('illegal_transition', `#${row?.deployment.number ?? '?'} cannot serve again`);
  }
  makeCurrent(db, writer, row.deployment.id);
}

const ofWhatServes: ReadonlySet<Want> = new Set<Want>(['pause', 'resume', 'sleep', 'wake']);

/** Nobody is paused, brought back, put to sleep or woken who does not serve. */
function makeCurrent(db: MemoryDatabase, { deployment: { environmentId } }: DeploymentRow, currentId: string): void {
  for (const row of db.deployments.where('live', environmentId)) {
    const { id, state } = row.deployment;
    const waits = row.want !== null && ofWhatServes.has(row.want);
    if (id !== currentId && waits && (state === 'completed' || state === 'paused'))
      changeDeployment(db, row, { want: null, wantedBy: null });
  }
  const row = db.environments.get(environmentId);
  if (row === undefined) throw new Error('a deployment without an environment');
  const environment = { ...row.environment, currentDeploymentId: currentId };
  db.environments.put(environmentId, { ...row, environment });
}
