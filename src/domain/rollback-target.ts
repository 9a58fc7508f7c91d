import { isRolledOut, type Rollout } from './deployment-state.ts';

/** What has to be known of a deployment to tell whether one can go back to it. */
export interface RollbackCandidate {
  readonly id: string;
  readonly number: number;
  /** null: it was never completed. */
  readonly completedAt: string | null;
  readonly origin:
    | { readonly kind: 'promote' }
    | { readonly kind: 'rollback'; readonly number: number; readonly from: { readonly number: number } | null }
    | null;
}

/**
 * What a rollback goes back to where nobody says (rule 5.7): while a version is rolled out what serves beside it, else the last good
 * deployment before what serves. `deployments`: those of one environment, newest first.
 */
export function rollbackDefault<D extends RollbackCandidate & Rollout>(
  deployments: readonly D[],
  currentId: string | null,
): D | null {
  const beside = deployments.some((one) => one.id !== currentId && isRolledOut(one));
  return beside ? (deployments.find(({ id }) => id === currentId) ?? null) : lastGoodBefore(deployments, currentId);
}

/**
 * The last good deployment before the one that serves (rule 5.7); null where there is none. Good: it was completed, and nobody went
 * back from it since. From a rollback one goes on to what came before the deployment it went back to, never to one that was
 * passed over. `deployments`: those of one environment, newest first.
 */
export function lastGoodBefore<D extends RollbackCandidate>(
  deployments: readonly D[],
  currentId: string | null,
): D | null {
  const current = deployments.find(({ id }) => id === currentId);
  if (current === undefined) return null;
  const before = versionNumber(deployments, current);
  const left = new Set(deployments.map(({ origin }) => (origin?.kind === 'rollback' ? origin.from?.number : null)));
  return (
    deployments.find(({ number, completedAt }) => number < before && completedAt !== null && !left.has(number)) ?? null
  );
}

/**
 * The number of the deployment whose version this one runs: its own, or that of the one it went back to, which may have been a
 * rollback too. `deployments`: those of one environment.
 */
export function versionNumber(
  deployments: readonly RollbackCandidate[],
  { number, origin }: Pick<RollbackCandidate, 'number' | 'origin'>,
): number {
  if (origin?.kind !== 'rollback') return number;
  const target = deployments.find((one) => one.number === origin.number);
  // It was made before, so this comes to an end.
  return target === undefined || target.number >= number ? origin.number : versionNumber(deployments, target);
}
