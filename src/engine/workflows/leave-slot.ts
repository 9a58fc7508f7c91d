import type { Instance } from '../../domain/deployment.ts';
import type { SlotNumber } from '../../domain/route.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { serverName } from './router-server.ts';
import { webInstances } from './web-instances.ts';

/** Their addresses may soon be those of others. */
export async function leaveSlot(run: DeploymentRun, slot: SlotNumber, stopped: readonly Instance[]): Promise<void> {
  for (const instance of webInstances(stopped)) {
    await run.ports.router.removeServer(slot, serverName(instance), run.leaseSignal);
  }
}
