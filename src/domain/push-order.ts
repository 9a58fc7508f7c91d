import type { PushEvent } from './repository-event.ts';

/** Where a branch was when it was told of last. */
export interface BranchHead {
  /** 40 hex digits. */
  readonly commit: string;
  /** Where it was before, newest first. */
  readonly past: readonly string[];
}

const longestPast = 50;

/** Where the branch is after the push; the pushes before it are told in their order. */
export function movedHead({ commit, before }: PushEvent, head: BranchHead | null): BranchHead {
  const past = [before, head?.commit, ...(head?.past ?? [])].filter((one) => typeof one === 'string');
  return { commit, past: [...new Set(past)].slice(0, longestPast) };
}

/**
 * Whether it tells of what was before, as one that comes late or once more does: the branch was there, or the commit was deployed, and it does not
 * go on from where the branch was last.
 */
export function isOlderPush({ commit, before }: PushEvent, head: BranchHead | null, wasDeployed: boolean): boolean {
  if (head === null || commit === head.commit || before === head.commit) return false;
  return wasDeployed || head.past.includes(commit);
}
