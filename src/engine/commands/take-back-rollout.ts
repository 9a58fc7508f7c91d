import type { Deployment } from '../../domain/deployment.ts';
import { isRolledOut } from '../../domain/deployment-state.ts';
import { versionBefore } from '../../domain/version-before.ts';
import type { DeploymentRecord, Idempotency } from '../ports/deployment-store.ts';
import { isPaused } from '../workflows/rollout-scene.ts';
import { hasSlot } from '../workflows/web-instances.ts';
import type { DeploymentDependencies } from './deployments.ts';

/** A rollout under way, and the version to which one goes back from it, which still runs. */
export interface RolloutUnderWay {
  readonly rollout: Deployment;
  readonly before: Deployment;
}

/** null where nothing is rolled out, or nothing runs that one could go back to. */
export async function findRollout(
  { deployments }: Pick<DeploymentDependencies, 'deployments'>,
  environmentId: string,
): Promise<RolloutUnderWay | null> {
  const alive = await deployments.alive(environmentId);
  const rollout = alive.find(({ deployment }) => isRolledOut(deployment));
  const before = rollout === undefined ? null : versionBefore(rollout, alive.filter(isRunning));
  return rollout === undefined || before === null ? null : { rollout: rollout.deployment, before: before.deployment };
}

/**
 * While a version is rolled out, the one before it still runs: going back to that needs no deployment, and nobody waits until the rollout
 * has come to its end. Resolves to the rollout, which is being taken back; null where it is not to be had any more.
 */
export async function takeBackRollout(
  { deployments, wake }: Pick<DeploymentDependencies, 'deployments' | 'wake'>,
  { rollout, before }: RolloutUnderWay,
  { by, idempotency }: { readonly by: string; readonly idempotency: Idempotency | null },
): Promise<Deployment | null> {
  const to = { deploymentId: before.id, number: before.number };
  if (!(await deployments.requestRollback({ deploymentId: rollout.id, to, by, idempotency }))) return null;
  wake();
  return (await deployments.record(rollout.id))?.deployment ?? rollout;
}

function isRunning(record: DeploymentRecord): boolean {
  return hasSlot(record) && !isPaused(record);
}
