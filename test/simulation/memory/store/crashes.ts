import type { InstanceExit, ServingInstance } from '../../../../src/engine/ports/deployment-store.ts';
import { slotOf } from './deployment-records.ts';
import { appendTimeline, isoTime, type Transaction } from './transaction.ts';

/** Only of what serves: what is at the gate has its worker, and what is stopped was stopped by us. */
export function recordCrash(tx: Transaction, instanceId: string, exit: InstanceExit): ServingInstance | null {
  const { db } = tx;
  const before = db.instances.get(instanceId);
  const row = before === undefined ? undefined : db.deployments.get(before.deploymentId);
  if (before?.phase !== 'serving' || row === undefined) return null;
  const instance = { ...before, crashedAt: isoTime(exit.at), restarts: before.restarts + 1 };
  db.instances.put(instanceId, instance);
  const { process, ordinal, restarts } = instance;
  const { exitCode, outOfMemory } = exit;
  appendTimeline(tx, row, [{ kind: 'instance.crashed', process, ordinal, exitCode, outOfMemory, restarts }]);
  db.tell(row.deployment.id);
  return { deployment: row.deployment, instance, slot: slotOf(db, row.deployment.id) };
}

export function recordRecovery(tx: Transaction, instanceId: string): void {
  const { db } = tx;
  const instance = db.instances.get(instanceId);
  const row = instance === undefined ? undefined : db.deployments.get(instance.deploymentId);
  if (instance === undefined || row === undefined || instance.crashedAt === null) return;
  db.instances.put(instanceId, { ...instance, crashedAt: null });
  const { process, ordinal, restarts } = instance;
  appendTimeline(tx, row, [{ kind: 'instance.recovered', process, ordinal, restarts }]);
  db.tell(row.deployment.id);
}
