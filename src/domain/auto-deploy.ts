import type { DeploymentState } from './deployment-state.ts';
import type { EnvironmentSettings } from './environment-settings.ts';
import type { ErrorCode } from './errors.ts';
import { isOlderPush, type BranchHead } from './push-order.ts';
import type { PushEvent } from './repository-event.ts';
import { watchedPath } from './watch-paths.ts';

/** What is asked of an environment before a push is deployed to it. */
export interface PushTarget {
  readonly name: string;
  readonly settings: Pick<EnvironmentSettings, 'branch' | 'autoDeploy' | 'watchPaths'>;
  /** Why nothing is deployed by itself (rule 5.7); null: it is. */
  readonly autoDeployHeld: string | null;
  /** The newest deployment of the commit to it; null: there was none. */
  readonly sameCommit: CommitDeployment | null;
  /** Where the branch was before the push, as far as that was told; null: it was not. */
  readonly head: BranchHead | null;
}

export interface CommitDeployment {
  readonly number: number;
  readonly state: DeploymentState;
  /** It is the environment's current one. */
  readonly serves: boolean;
  readonly failure: ErrorCode | null;
  readonly reason: string | null;
  /** A newer deployment is on its way to the environment, and takes the place of this one. */
  readonly overtaken: boolean;
}

export const notDeployedCodes = [
  'auto-deploy-off',
  'auto-deploy-held',
  'skip-phrase',
  'unwatched-paths',
  'commit-deployed',
  'commit-taken-back',
  'older-push',
  'superseded',
] as const;

export type PushVerdict =
  | { readonly deploy: true }
  | { readonly deploy: false; readonly code: (typeof notDeployedCodes)[number]; readonly reason: string };

/** Whether a push to the environment's branch is deployed by itself, and why not. */
export function judgePush(event: PushEvent, target: PushTarget): PushVerdict {
  const { settings, autoDeployHeld, sameCommit, head } = target;
  if (!settings.autoDeploy) return refuse('auto-deploy-off', `auto-deploy of ${target.name} is off`);
  if (autoDeployHeld !== null)
    return refuse('auto-deploy-held', `auto-deploy of ${target.name} is held: ${autoDeployHeld}`);
  if (event.skipPhrase !== null) return refuse('skip-phrase', `the message of the commit says ${event.skipPhrase}`);
  if (isUnwatched(event, settings.watchPaths))
    return refuse('unwatched-paths', `none of the ${countPaths(event)} is watched (${settings.watchPaths.join(', ')})`);
  const verdict: PushVerdict = sameCommit === null ? { deploy: true } : judgeSame(sameCommit, target.name);
  if (verdict.deploy && isOlderPush(event, head, sameCommit !== null)) return olderPush(event, head);
  return verdict;
}

/** The same where newer pushes to the branch wait already: the newest that is deployed takes the place of those before it (rule 2.4). */
export function judgePushes(event: PushEvent, newer: readonly PushEvent[], target: PushTarget): PushVerdict {
  const verdict = judgePush(event, target);
  if (!verdict.deploy) return verdict;
  const next = newer.find((other) => judgePush(other, { ...target, sameCommit: null, head: null }).deploy);
  if (next === undefined) return verdict;
  return refuse('superseded', `a newer push to ${next.branch} came in the meantime: ${next.commit.slice(0, 7)}`);
}

/** What came late, or once more. */
export function olderPush({ branch }: PushEvent, head: BranchHead | null): PushVerdict & { readonly deploy: false } {
  const newest = head?.commit.slice(0, 7) ?? 'something newer';
  return refuse('older-push', `${branch} was at ${newest} already, and the push does not go on from there`);
}

function refuse(code: (typeof notDeployedCodes)[number], reason: string): PushVerdict & { readonly deploy: false } {
  return { deploy: false, code, reason };
}

/** Where nobody tells which paths were changed, any may have been. */
function isUnwatched({ changedPaths }: PushEvent, patterns: readonly string[]): boolean {
  return patterns.length > 0 && changedPaths !== null && watchedPath(patterns, changedPaths) === null;
}

function countPaths({ changedPaths }: PushEvent): string {
  const count = changedPaths?.length ?? 0;
  return count === 1 ? '1 changed path' : `${count} changed paths`;
}

const takenBack = /^rolled back\b/;

/**
 * What serves or is on its way is not deployed again, unless something newer is about to take its place: then the branch went back to it. Nor is
 * what was found to be bad (rule 5.6); what failed otherwise may work now.
 */
function judgeSame(deployment: CommitDeployment, environment: string): PushVerdict {
  const { number, state, serves, failure, reason, overtaken } = deployment;
  if (serves && !overtaken)
    return refuse('commit-deployed', `the commit serves in ${environment} already, as #${number}`);
  if (['pending', 'running', 'deploying', 'ready', 'paused'].includes(state) && !overtaken)
    return refuse('commit-deployed', `the commit is being deployed to ${environment} already, as #${number}`);
  if (failure === 'rolled_back' || (state === 'stopped' && takenBack.test(reason ?? '')))
    return refuse(
      'commit-taken-back',
      `#${number} was taken back, and the same commit is not deployed again by itself`,
    );
  return { deploy: true };
}
