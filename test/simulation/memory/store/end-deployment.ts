import { transition } from '../../../../src/domain/deployment-state.ts';
import { skipContract } from './contract-due.ts';
import { changeDeployment } from './deployment-rows.ts';
import { closeObservation, type ObservationEnd } from './observation-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { appendTimeline, type Transaction } from './transaction.ts';

interface Ending {
  readonly reason: string;
  /** How its observation ends, where it is open. */
  readonly observation: ObservationEnd;
}

/** Ends a deployment that no worker leads any more. Returns why that is not legal; null when it is done. */
export function endDeployment(tx: Transaction, row: DeploymentRow, { reason, observation }: Ending): string | null {
  const { id, state } = row.deployment;
  const result = transition(state, { type: 'stopped' });
  if (!result.ok) return result.message;
  changeDeployment(tx.db, row, {
    deployment: { state: result.state, reason, pausedFrom: null },
    acting: false,
    want: null,
    wantedBy: null,
  });
  closeObservation(tx, row, observation);
  skipContract(tx, row, reason);
  appendTimeline(tx, row, [{ kind: 'state.changed', from: state, to: result.state, reason }]);
  tx.db.tell(id);
  return null;
}
