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
  const assertKept = connection.keeping();
  for (let held = db.deletionLocks.wait(id); held !== null; held = db.deletionLocks.wait(id))
    await connection.waitFor(held);
  // Whoever has died while it waited, if only a moment after that let go, would never give it back.
  assertKept();
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
  const holder = () =>
    [deletion.id, ...environments].map((id) => db.deletionLocks.wait(id)).find((held) => held !== null) ?? null;
  for (let held = holder(); held !== null; held = holder()) await connection.waitFor(held);
  const instancesOf = db.deployments.keysWhere(deletion.kind, deletion.id);
  await connection.transact((tx) => erase(tx.db, deletion), { instancesOf });
}
