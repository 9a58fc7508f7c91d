import type { Artifact } from './artifact.ts';
import type { DeploymentState } from './deployment-state.ts';
import type { RetentionSettings } from './retention-settings.ts';

/** An image by id or a bundle by hash that is on this machine, and what is known of it. */
export interface StoredArtifact {
  readonly type: Artifact['type'];
  readonly id: string;
  /** Of an image with all its layers, which others may share, so that removing it may give back less; null where it is not known. */
  readonly sizeBytes: number | null;
  /** It has the name that the platform gave it: whoever builds FROM our images inherits their labels, but not that. */
  readonly named: boolean;
  /** Names that somebody else gave the image. */
  readonly foreignTags: readonly string[];
  /** Epoch ms at which it was last built or deployed; null where nothing is known of it. */
  readonly lastUsedAt: number | null;
  readonly uses: readonly ArtifactUse[];
  /** A deployment that is being made, and may come to run it. */
  readonly awaitedBy: { readonly project: string; readonly number: number } | null;
}

/** All deployments of one environment that run the same artifact. */
export interface ArtifactUse {
  readonly project: string;
  readonly environment: string;
  /** Number of the newest of them. */
  readonly newest: number;
  /** The newest one that is not over: it waits, is rolled out, serves, is on standby or paused. */
  readonly alive: { readonly number: number; readonly state: DeploymentState } | null;
  /** The newest one that was ever completed. */
  readonly completed: number | null;
  /** How many others of the environment were completed after that, not counting what serves; nobody counts beyond the targets there are. */
  readonly completedSince: number;
}

export type KeepRule = 'in-use' | 'rollback-target' | 'awaited' | 'tagged' | 'unknown' | 'within-budget';
export type RemoveRule = 'over-budget' | 'belongs-to-nothing';

export interface Kept {
  readonly artifact: StoredArtifact;
  readonly rule: KeepRule;
  /** For people: "what #5 of shop runs in production". */
  readonly why: string;
}

export interface Going {
  readonly artifact: StoredArtifact;
  readonly rule: RemoveRule;
  readonly why: string;
}

export interface ArtifactPlan {
  readonly kept: readonly Kept[];
  /** In the order in which they go: the longest unused first. */
  readonly going: readonly Going[];
}

type Limits = Pick<RetentionSettings, 'rollbackTargets' | 'budgetBytes'>;

/** What stays and what goes, and why (rule 5.7). */
export function planArtifacts(artifacts: readonly StoredArtifact[], limits: Limits): ArtifactPlan {
  const kept: Kept[] = [];
  const rest: StoredArtifact[] = [];
  const going: Going[] = [];
  for (const artifact of artifacts) {
    const needed = whyNeeded(artifact, limits);
    if (needed !== null) kept.push(needed);
    else if (artifact.lastUsedAt === null)
      going.push({ artifact, rule: 'belongs-to-nothing', why: 'no deployment and no build knows it' });
    else rest.push(artifact);
  }
  const shared = shareBudget(rest, limits.budgetBytes);
  return { kept: [...kept, ...shared.kept], going: [...going, ...shared.going] };
}

/** Why it may not go whatever it takes; null: only the budget keeps it. */
export function whyNeeded(artifact: StoredArtifact, { rollbackTargets }: Pick<Limits, 'rollbackTargets'>): Kept | null {
  const { uses, awaitedBy, foreignTags, named, lastUsedAt } = artifact;
  const running = uses.find(({ alive }) => alive !== null);
  if (running !== undefined) return { artifact, rule: 'in-use', why: describeUse(running) };
  const target = uses.find(({ completed, completedSince }) => completed !== null && completedSince < rollbackTargets);
  if (target !== undefined) {
    const { project, environment, completed } = target;
    const why = `rollback target: #${completed} of ${project} in ${environment}, one of the last ${rollbackTargets}`;
    return { artifact, rule: 'rollback-target', why };
  }
  if (awaitedBy !== null) {
    const why = `#${awaitedBy.number} of ${awaitedBy.project} is being made, and may come to use it`;
    return { artifact, rule: 'awaited', why };
  }
  if (lastUsedAt === null && !named)
    return { artifact, rule: 'unknown', why: 'it has the label of the platform, but was made by somebody else' };
  const [tag] = foreignTags;
  if (tag !== undefined) return { artifact, rule: 'tagged', why: `somebody named it ${tag}` };
  return null;
}

function describeUse({ project, environment, alive, newest }: ArtifactUse): string {
  if (alive === null || alive.state === 'completed')
    return `what #${alive?.number ?? newest} of ${project} runs in ${environment}`;
  return `#${alive.number} of ${project} is ${alive.state} in ${environment}`;
}

/** The longest unused go until what is left fits. */
function shareBudget(rest: readonly StoredArtifact[], budgetBytes: number): ArtifactPlan {
  const newestFirst = rest.toSorted(byUse);
  let bytes = 0;
  const over = newestFirst.findIndex(({ sizeBytes }) => (bytes += sizeBytes ?? 0) > budgetBytes);
  const fits = over < 0 ? newestFirst.length : over;
  const budget = `the budget of ${describeBytes(budgetBytes)}`;
  return {
    kept: newestFirst
      .slice(0, fits)
      .map((artifact) => ({ artifact, rule: 'within-budget', why: `${nameUse(artifact)}, within ${budget}` })),
    going: newestFirst
      .slice(fits)
      .toReversed()
      .map((artifact) => ({ artifact, rule: 'over-budget', why: `${nameUse(artifact)}, beyond ${budget}` })),
  };
}

/** Newest first; the id decides between equals, so that a plan is always the same. */
function byUse(a: StoredArtifact, b: StoredArtifact): number {
  return (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0) || (a.id < b.id ? -1 : 1);
}

function nameUse({ uses }: StoredArtifact): string {
  const [use] = uses;
  if (use === undefined) return 'a build that nothing uses';
  const which = use.completed === null ? 'which never served' : 'no rollback target any more';
  return `#${use.newest} of ${use.project} in ${use.environment}, ${which}`;
}

/** "1.2 GB", "48.1 MB", as the Docker command line says it. */
export function describeBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e3).toFixed(1)} kB`;
}
