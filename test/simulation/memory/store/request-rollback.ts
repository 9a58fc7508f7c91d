import type { RollbackRequest } from '../../../../src/engine/ports/deployment-store.ts';
import { serves } from './deployment-rows.ts';
import { answeredBefore, rememberAnswer } from './idempotency.ts';
import { openObservationOf } from './observation-rows.ts';
import type { DeploymentRow } from './rows.ts';
import { supersede } from './supersede.ts';
import { appendTimeline, type Transaction } from './transaction.ts';
import { wantTakenBack } from './want-deployment.ts';

/** See `DeploymentStore.requestRollback`. */
export function requestRollback(tx: Transaction, request: RollbackRequest): boolean {
  const { db } = tx;
  const { deploymentId, to, by, idempotency } = request;
  if (answeredBefore(db, idempotency) === deploymentId) return true;
  const row = db.deployments.get(deploymentId);
  if (row === undefined) return false;
  const { environmentId, number } = row.deployment;
  const environment = db.environments.get(environmentId);
  if (environment?.deleting !== false || !keepsRunning(tx, row, to.deploymentId)) return false;
  const reason = `rolled back to #${to.number} by ${by}`;
  if (!wantTakenBack(db, row, { outcome: 'failed', code: 'rolled_back', reason })) return false;
  rememberAnswer(db, idempotency, deploymentId);
  // Whoever goes back wants nothing newer; but what he goes back to may have been found bad meanwhile.
  supersede(tx, { environmentId, branch: null, sparesAutomatic: true }, `${reason}, from #${number}`);
  const held = { ...environment.environment, autoDeployHeld: reason };
  db.environments.put(environmentId, { ...environment, environment: held });
  appendTimeline(tx, row, [{ kind: 'rollback.decided', to: to.number, reason: `asked for by ${by}` }]);
  db.tell(deploymentId);
  return true;
}

/** Until the switch the version before stays, and after it while it is on standby. */
function keepsRunning(tx: Transaction, rollout: DeploymentRow, beforeId: string): boolean {
  return !serves(tx.db, rollout) || openObservationOf(tx, rollout.deployment.id)?.standbyId === beforeId;
}
