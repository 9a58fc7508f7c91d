import { MemoryDatabase } from '../../simulation/memory/store/database.ts';
import { memoryStores } from '../../simulation/memory/store/stores.ts';
import type { StoreHarness } from './harness.ts';

/** The stores of the simulator, in real time. */
export async function openMemoryStores(): Promise<StoreHarness> {
  const database = new MemoryDatabase();
  return {
    ...memoryStores(database, { clock: { now: () => Date.now() }, owner: 1 }),
    async openSession(owner, onWakeup = () => {}) {
      database.sessions.open({ owner, onWakeup });
      return { [Symbol.asyncDispose]: async () => database.endSession(owner) };
    },
    async failedToWake(environmentId, wakesFailed, agoMs) {
      const route = database.routes.get(environmentId);
      if (route !== undefined)
        database.routes.put(environmentId, { ...route, wakesFailed, wakeFailedAt: Date.now() - agoMs });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
