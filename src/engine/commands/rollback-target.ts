import type { Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import { lastGoodBefore, versionNumber } from '../../domain/rollback-target.ts';
import type { DeploymentQueries } from '../ports/deployment-store.ts';

const targetsKept = 50;

interface Wish {
  readonly projectId: string;
  readonly environmentId: string;
  /** What serves; it need not have been completed yet. */
  readonly current: Deployment | null;
  /** null: the last good one before the current. */
  readonly to: number | null;
  /** Also behind a contract step. */
  readonly force: boolean;
}

/** The deployment that a rollback goes back to (rule 5.7). Errors: see `DeploymentCommands.rollback`. */
export async function rollbackTarget(queries: DeploymentQueries, wish: Wish): Promise<Deployment> {
  const served = await queries.served(wish.environmentId, targetsKept);
  const target = wish.to === null ? lastGood(served, wish.current) : await asked(queries, wish, wish.to);
  if (!wish.force) await refuseBehindContract(queries, wish.environmentId, versionNumber(served, target));
  return target;
}

function lastGood(served: readonly Deployment[], current: Deployment | null): Deployment {
  const others = served.filter(({ id }) => id !== current?.id);
  const found = current === null ? null : lastGoodBefore([current, ...others], current.id);
  if (found !== null) return found;
  throw new CutoverError('rollback_target_missing', 'no earlier deployment of the environment was good');
}

async function asked(queries: DeploymentQueries, wish: Wish, to: number): Promise<Deployment> {
  const target = await queries.byNumber(wish.projectId, to);
  if (target === null || target.environmentId !== wish.environmentId)
    throw new CutoverError('not_found', `the environment has no deployment #${to}`);
  if (target.completedAt === null)
    throw new CutoverError('rollback_never_served', `#${to} was never completed: it is ${target.state}`);
  if (target.id === wish.current?.id)
    throw new CutoverError('illegal_transition', `#${to} is what serves: there is nothing to go back to`);
  return target;
}

async function refuseBehindContract(queries: DeploymentQueries, environmentId: string, age: number): Promise<void> {
  const contract = await queries.lastContract(environmentId);
  if (contract === null || age >= contract.number) return;
  throw new CutoverError(
    'rollback_behind_contract',
    `#${contract.number} ran its contract step: #${age} was made for the schema before that`,
  );
}
