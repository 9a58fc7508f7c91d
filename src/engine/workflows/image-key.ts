import { createHash } from 'node:crypto';
import type { BuildSecret } from '../../domain/build-secrets.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';

/** Under which what is built from a revision may be known. */
export interface ImageKeys {
  /** By the app's directory and the files above it: a change beside it is no other input. null: the app is the whole repository, or may be. */
  readonly app: string | null;
  /** By all of the repository: what lies beside an app may be part of it, which is known only from the plan. */
  readonly repository: string;
}

/**
 * What a build's result depends on, as one SHA-256 in hex: the same tree, plan and build environment need no build. The plan is a
 * function of tree, settings and planner version, so it need not be made to know the key. Base images are compared apart,
 * because which ones matter is known only from the plan.
 */
export function imageKey(input: {
  readonly project: string;
  readonly treeId: string;
  /** Whether that is the app's directory with the files above it, or the whole repository. */
  readonly of: 'app' | 'repository';
  readonly settings: BuildSettings;
  readonly plannerVersion: string;
  readonly secrets: readonly Pick<BuildSecret, 'name' | 'fingerprint'>[];
  /** Who may have written what is in the caches of the build. */
  readonly cacheScope: string;
}): string {
  const { settings } = input;
  const parts = [
    input.project,
    input.treeId,
    input.of,
    input.plannerVersion,
    input.cacheScope,
    ...Object.entries(settings)
      .filter(([name]) => name !== 'buildEnv')
      .toSorted(([a], [b]) => a.localeCompare(b)),
    ...Object.entries(settings.buildEnv).toSorted(([a], [b]) => a.localeCompare(b)),
    input.secrets.map(({ name, fingerprint }) => [name, fingerprint]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
