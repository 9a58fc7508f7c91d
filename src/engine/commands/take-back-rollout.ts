import { isRolledOut } from '../../domain/deployment-state.ts';
import type { Environment } from '../../domain/project.ts';
import { versionBefore } from '../../domain/version-before.ts';
import type { DeploymentRecord, Idempotency } from '../ports/deployment-store.ts';
import { isPaused } from '../workflows/rollout-scene.ts';
import { hasSlot } from '../workflows/web-instances.ts';
import type { NewRollback, Triggered } from './commands.ts';
import type { DeploymentDependencies } from './deployments.ts';

interface Wish {
  readonly environment: Environment;
  readonly input: Pick<NewRollback, 'to' | 'currentEnv'>;
  readonly by: string;
  readonly idempotency: Idempotency | null;
}

/**
 * While a version is rolled out, the one before it still runs: going back to that needs no deployment, and nobody waits until the rollout
 * has come to its end. Resolves to the rollout, which is being taken back; null where this is not what is wished, or is not to be had.
 */
export async function takeBackRollout(
  { deployments, wake }: DeploymentDependencies,
  { environment, input, by, idempotency }: Wish,
): Promise<Triggered | null> {
  // Other variables are another version.
  if (input.currentEnv === true) return null;
  const alive = await deployments.alive(environment.id);
  const rollout = alive.find(({ deployment }) => isRolledOut(deployment));
  const before = rollout === undefined ? null : versionBefore(rollout, alive.filter(isRunning));
  if (rollout === undefined || before === null) return null;
  const { id, number } = before.deployment;
  if (input.to !== undefined && input.to !== number) return null;
  const request = { deploymentId: rollout.deployment.id, to: { deploymentId: id, number }, by, idempotency };
  if (!(await deployments.requestRollback(request))) return null;
  wake();
  const record = await deployments.record(rollout.deployment.id);
  return { deployment: (record ?? rollout).deployment, replayed: false };
}

function isRunning(record: DeploymentRecord): boolean {
  return hasSlot(record) && !isPaused(record);
}
