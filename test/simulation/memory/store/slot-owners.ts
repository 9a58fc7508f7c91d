import type { SlotNumber } from '../../../../src/domain/route.ts';
import type { Connection } from './transaction.ts';

interface SlotOwner {
  readonly deploymentId: string;
  readonly slot: SlotNumber;
}

/** The slot stays with its owner while the work is done. */
export async function whileOwning(
  connection: Connection,
  { deploymentId, slot }: SlotOwner,
  work: () => Promise<void>,
): Promise<boolean> {
  const { db } = connection.read();
  const assertKept = connection.keeping();
  for (let held = db.slotLocks.wait(slot); held !== null; held = db.slotLocks.wait(slot))
    await connection.waitFor(held);
  // It may have died with whoever held it before, a moment after that let go: nobody would give it back.
  assertKept();
  if (db.slots.get(String(slot))?.deploymentId !== deploymentId) return false;
  using _held = db.slotLocks.hold(slot, connection.owner);
  await work();
  return true;
}

/** A row of our own keeps others away. Left by a crash, it belongs to no deployment, and is cleared and freed like any such. */
export async function whileFree(connection: Connection, slot: SlotNumber, work: () => Promise<void>): Promise<boolean> {
  const taken = await connection.transact(({ db }) => {
    if (db.slots.get(String(slot)) !== undefined) return null;
    const deploymentId = `nobody ${db.nextSerial()}`;
    db.slots.put(String(slot), { number: slot, deploymentId });
    return deploymentId;
  });
  if (taken === null) return false;
  await work();
  await connection.transact(
    ({ db }) => {
      if (db.slots.get(String(slot))?.deploymentId === taken) db.slots.delete(String(slot));
    },
    { slotsOf: [taken] },
  );
  return true;
}
