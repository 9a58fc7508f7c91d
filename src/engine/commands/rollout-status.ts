import type { Environment } from '../../domain/project.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { isRolledOut } from '../../domain/deployment-state.ts';
import { planRollout, type RolloutPlan } from '../../domain/rollout-plan.ts';
import { shareOfSlot, type RouteTarget } from '../../domain/route.ts';
import type { DeploymentRecord } from '../ports/deployment-store.ts';
import { hasSlot } from '../workflows/web-instances.ts';
import { versionBefore } from '../../domain/version-before.ts';
import type { RolloutSide, RolloutStatus } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';

const lookMs = 250;

/** What a deployment to the environment would do, as things are now. */
export async function rolloutPlan(
  { deployments }: DeploymentDependencies,
  { settings, currentDeploymentId }: Environment,
): Promise<RolloutPlan> {
  const current = currentDeploymentId === null ? null : await deployments.record(currentDeploymentId);
  return planRollout(settings, {
    before: current?.deployment.configuration.settings ?? null,
    target: current === null ? null : targetOf(current.deployment),
  });
}

function targetOf({ artifact }: Deployment): 'image' | 'static' | null {
  if (artifact === null) return null;
  return artifact.type === 'image' ? 'image' : 'static';
}

type Sources = Pick<DeploymentDependencies, 'deployments' | 'queries' | 'router'>;

/** Where the environment's traffic goes now, and how its versions do. */
export async function rolloutStatus(
  dependencies: Sources,
  environment: Environment,
  signal: AbortSignal,
): Promise<RolloutStatus> {
  const { deployments, queries } = dependencies;
  const [records, route] = await Promise.all([deployments.alive(environment.id), deployments.route(environment.id)]);
  const target = route?.target ?? null;
  const fresh = newest(records);
  const old = fresh === null ? null : versionBefore(fresh, records.filter(hasSlot));
  return {
    environment: environment.name,
    fresh: fresh === null ? null : await side(dependencies, { record: fresh, target }, signal),
    old: old === null ? null : await side(dependencies, { record: old, target }, signal),
    mode: target?.mode ?? 'serve',
    observation: fresh === null ? null : await queries.observation(fresh.deployment.id),
    autoDeployHeld: environment.autoDeployHeld,
  };
}

/** What is being rolled out, also while that is held, else what serves. */
function newest(records: readonly DeploymentRecord[]): DeploymentRecord | null {
  return (
    records.find(({ deployment }) => deployment.state === 'running' || isRolledOut(deployment)) ??
    records.find(({ serves }) => serves) ??
    null
  );
}

async function side(
  { router }: Pick<Sources, 'router'>,
  { record, target }: { readonly record: DeploymentRecord; readonly target: RouteTarget | null },
  signal: AbortSignal,
): Promise<RolloutSide> {
  const { deployment, instances, slot } = record;
  return {
    deployment,
    instances,
    share: shareOfSlot(target, slot),
    connections: slot === null ? 0 : await router.inFlight(slot, null, signal),
  };
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
