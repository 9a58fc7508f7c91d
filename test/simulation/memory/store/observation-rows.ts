import type { DeploymentOrigin } from '../../../../src/domain/deployment.ts';
import type { ObservationOutcome } from '../../../../src/domain/observation.ts';
import type { OpenedObservation } from '../../../../src/engine/ports/deployment-store.ts';
import { skipContract } from './contract-due.ts';
import type { DeploymentRow, ObservationRow } from './rows.ts';
import { appendTimeline, type Transaction } from './transaction.ts';

export interface ObservationEnd {
  readonly outcome: ObservationOutcome;
  readonly message: string;
}

/** null when there is none that is open. */
export function openObservationOf({ db }: Transaction, deploymentId: string): ObservationRow | null {
  const row = db.observations.get(deploymentId);
  return row?.closedAt === null ? row : null;
}

/** With what depends on how it ends. Returns false when there is none that is open. */
export function closeObservation(tx: Transaction, observed: DeploymentRow, end: ObservationEnd): boolean {
  const open = openObservationOf(tx, observed.deployment.id);
  if (open === null) return false;
  tx.db.observations.put(open.deploymentId, { ...open, ...end, closedAt: tx.now, owner: null, leaseUntil: null });
  appendTimeline(tx, observed, [{ kind: 'observation.ended', ...end }]);
  if (end.outcome !== 'passed') skipContract(tx, observed, end.message);
  tx.db.tell(open.deploymentId);
  return true;
}

/** Done again it changes nothing; one that is closed stays so. */
export function openObservation(
  { db, now }: Transaction,
  { deployment: { id, environmentId } }: DeploymentRow,
  { standbyId, endsInMs }: OpenedObservation,
): void {
  const before = db.observations.get(id) ?? { ...unopened, deploymentId: id, environmentId, openedAt: now };
  if (before.closedAt !== null) return;
  const { switchedAt, endsAt } = before;
  const switched = endsInMs === undefined ? {} : { switchedAt: switchedAt ?? now, endsAt: endsAt ?? now + endsInMs };
  db.observations.put(id, { ...before, standbyId, ...switched });
}

const unopened = {
  switchedAt: null,
  endsAt: null,
  closedAt: null,
  outcome: null,
  message: null,
  view: null,
  owner: null,
  leaseUntil: null,
} as const;

/** How an observation ends when another deployment switches. */
export function endedBy(
  { number, origin }: { readonly number: number; readonly origin: DeploymentOrigin | null },
  observedId: string,
): ObservationEnd {
  return origin?.kind === 'rollback' && origin.from?.deploymentId === observedId
    ? { outcome: 'rolled-back', message: `rolled back by #${number}` }
    : { outcome: 'superseded', message: `superseded by #${number}` };
}
