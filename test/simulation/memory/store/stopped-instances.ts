import { isFinal } from '../../../../src/domain/deployment-state.ts';
import type { MemoryDatabase } from './database.ts';
import type { Connection } from './transaction.ts';

/** Nobody writes their rows while the work is done; those at which somebody else is doing such work are left out. */
export async function whileStopped(
  connection: Connection,
  instanceIds: readonly string[],
  work: (stopped: readonly string[]) => Promise<void>,
): Promise<void> {
  const { db } = connection.read();
  const stopped = instanceIds.filter((id) => db.instanceLocks.wait(id) === null && !isToRun(db, id));
  using held = new DisposableStack();
  for (const id of stopped) held.use(db.instanceLocks.hold(id, connection.owner));
  await work(stopped);
}

function isToRun(db: MemoryDatabase, id: string): boolean {
  const instance = db.instances.get(id);
  const owner = instance === undefined ? undefined : db.deployments.get(instance.deploymentId);
  if (instance === undefined || owner === undefined || isFinal(owner.deployment.state)) return false;
  return instance.phase !== 'stopped' && instance.phase !== 'failed';
}
