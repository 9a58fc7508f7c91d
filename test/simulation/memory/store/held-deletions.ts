import type { Deletion } from '../../../../src/engine/ports/deployment-store.ts';
import { erase } from './deletions.ts';
import type { Connection } from './transaction.ts';

/** The rows stay while the work is done; false where they are gone. */
export async function whileDeleting(
  connection: Connection,
  { kind, id }: Deletion,
  work: () => Promise<void>,
): Promise<boolean> {
  const { db } = connection.read();
  await untilUnheld(connection, id);
  const row = kind === 'project' ? db.projects.get(id) : db.environments.get(id);
  if (row === undefined) return false;
  using _held = db.deletionLocks.hold(id, connection.owner);
  await work();
  return true;
}

/** Waits for whoever holds the row, or one of those that go with it. */
export async function eraseUnheld(connection: Connection, deletion: Deletion): Promise<void> {
  const { db } = connection.read();
  const environments = db.environments.where('project', deletion.id).map(({ environment }) => environment.id);
  for (const id of [deletion.id, ...environments]) await untilUnheld(connection, id);
  await connection.transact((tx) => erase(tx.db, deletion));
}

async function untilUnheld(connection: Connection, id: string): Promise<void> {
  const { deletionLocks } = connection.read().db;
  for (let held = deletionLocks.wait(id); held !== null; held = deletionLocks.wait(id)) await connection.waitFor(held);
}
