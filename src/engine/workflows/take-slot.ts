import { CutoverError } from '../../domain/errors.ts';
import { chooseStrategy } from '../../domain/rollout-plan.ts';
import { FencedError, type DeploymentRecord, type OpenedObservation, type Write } from '../ports/deployment-store.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { countRequests } from './request-counts.ts';

/** Gives the version its place in the router. */
export async function takeSlot(run: DeploymentRun): Promise<void> {
  const slot = await run.takeSlot(run.ports.router.capacity());
  if (slot === null)
    throw new CutoverError('router_full', `all ${run.ports.router.capacity()} slots of the router are in use`);
}

/** With its place taken the deployment becomes `deploying` and is past cancelling. */
export async function beginDeploying(run: DeploymentRun): Promise<void> {
  if (run.deployment.state === 'running')
    await run.commit({ transition: { type: 'instances-starting' }, ...(await choice(run)) });
}

/** What `auto` comes to is decided here and kept: it must be the same after a crash. */
async function choice(run: DeploymentRun): Promise<Pick<Write, 'configured'>> {
  if (run.deployment.configuration.settings.strategy !== 'auto') return {};
  const route = await run.ports.deployments.route(run.lease.environmentId);
  const serving = route?.target?.stable ?? null;
  const perSecond = serving === null ? 0 : run.workshop.requestsPerSecond(serving);
  const chosenStrategy = chooseStrategy(perSecond);
  run.say(`strategy auto: ${perSecond.toFixed(1)} requests a second in the last 10 minutes, so ${chosenStrategy}`);
  return { configured: { chosenStrategy } };
}

/** Makes the slot empty and begins to count; needed before the first server is added, and done while instances start. */
export async function prepareSlot(
  run: DeploymentRun,
  observation: OpenedObservation | null,
  others: readonly DeploymentRecord[],
): Promise<void> {
  const { slot } = run.record;
  if (slot === null || run.record.counterBaseline !== null) return;
  run.assertHeld();
  // It may hold leftovers of a crash between the erasure of its last owner's row and the router's part of it.
  if ((await run.ports.router.serverNames(slot, run.signal)).length > 0) await requireLease(run);
  await run.ports.router.clearSlot(slot, run.signal);
  const counterBaseline = await countRequests(run, others);
  // Until a route names the slot nothing is lost if it is prepared once more; whoever observes is to know of it now.
  if (observation === null) return run.note({ counterBaseline });
  await run.write({ counterBaseline, observation });
  run.workshop.wakeObserver();
}

/** Whoever stood still may not know that somebody else leads it, and has put there what serves by now. */
async function requireLease({ lease, ports }: DeploymentRun): Promise<void> {
  const wants = await ports.deployments.wanted([lease]);
  if (!wants.has(lease.deploymentId)) throw new FencedError(lease.deploymentId);
}
