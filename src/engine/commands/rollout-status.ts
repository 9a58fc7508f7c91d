import type { Environment } from '../../domain/project.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { planRollout, settingsToReplace, type RolloutPlan } from '../../domain/rollout-plan.ts';
import type { RouteTarget } from '../../domain/route.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import type { RolloutSide, RolloutStatus } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';

const lookMs = 250;

/** What a deployment to the environment would do, as things are now. */
export async function rolloutPlan(
  { deployments }: DeploymentDependencies,
  { settings, currentDeploymentId }: Environment,
): Promise<RolloutPlan> {
  const current = currentDeploymentId === null ? null : await deployments.record(currentDeploymentId);
  const before = current?.deployment.configuration.settings ?? null;
  return planRollout(settingsToReplace(settings, before), {
    somethingServes: current !== null,
    target: current === null ? null : targetOf(current.deployment),
  });
}

function targetOf({ artifact }: Deployment): 'image' | 'static' | null {
  if (artifact === null) return null;
  return artifact.type === 'image' ? 'image' : 'static';
}

/** Where the environment's traffic goes now, and how its versions do. */
export async function rolloutStatus(
  dependencies: DeploymentDependencies,
  environment: Environment,
  signal: AbortSignal,
): Promise<RolloutStatus> {
  const { deployments, queries } = dependencies;
  const [records, route] = await Promise.all([deployments.alive(environment.id), deployments.route(environment.id)]);
  const target = route?.target ?? null;
  const fresh = records.at(-1) ?? null;
  const old = records.findLast((record) => record !== fresh && isWarm(record)) ?? null;
  return {
    environment: environment.name,
    fresh: fresh === null ? null : await side(dependencies, { record: fresh, target }, signal),
    old: old === null ? null : await side(dependencies, { record: old, target }, signal),
    mode: target?.mode ?? 'serve',
    observation: fresh === null ? null : await queries.observation(fresh.deployment.id),
    autoDeployHeld: environment.autoDeployHeld,
  };
}

function isWarm({ slot }: DeploymentRecord): boolean {
  return slot !== null;
}

async function side(
  { router }: DeploymentDependencies,
  { record, target }: { readonly record: DeploymentRecord; readonly target: RouteTarget | null },
  signal: AbortSignal,
): Promise<RolloutSide> {
  const { deployment, instances, slot } = record;
  return {
    deployment,
    instances,
    share: slot === null || target === null ? 0 : shareFor(slot, target),
    connections: slot === null ? 0 : await router.inFlight(slot, null, signal),
  };
}

function shareFor(slot: number, { stable, candidate, share }: RouteTarget): number {
  if (slot === candidate) return share;
  return slot === stable ? 100 - share : 0;
}

/** Yields whenever something is different, looking four times a second, until aborted. */
export async function* watchRollout(
  dependencies: DeploymentDependencies,
  find: () => Promise<Environment>,
  signal: AbortSignal,
): AsyncGenerator<RolloutStatus> {
  let before = '';
  while (!signal.aborted) {
    const status = await rolloutStatus(dependencies, await find(), signal);
    const now = JSON.stringify(status);
    if (now !== before) yield status;
    before = now;
    await dependencies.clock.sleep(lookMs, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
