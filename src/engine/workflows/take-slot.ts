import { CutoverError } from '../../domain/errors.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { countRequests } from './request-counts.ts';

/** Gives the version its place in the router and begins counting; from here on the deployment is `deploying` and past cancelling. */
export async function takeSlot(run: DeploymentRun): Promise<void> {
  run.assertHeld();
  const slot = await run.ports.deployments.takeSlot(run.lease, run.ports.router.capacity());
  if (slot === null) throw new CutoverError('router_full', `all ${run.ports.router.capacity()} slots of the router are in use`);
  // A slot may hold leftovers of a crash between the erasure of its last owner's row and the router's part of it.
  await run.ports.router.clearSlot(slot, run.signal);
  const counterBaseline = await countRequests(run);
  await run.write({ transition: { type: 'instances-starting' }, counterBaseline });
}
