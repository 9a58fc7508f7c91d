import { createHash } from 'node:crypto';
import type { BuildSettings } from '../../domain/build-settings.ts';

/**
 * What a build's result depends on, as one SHA-256 in hex: the same tree, plan and build environment need no build. The plan is a
 * function of tree, settings and planner version, so it need not be made to know the key. Base images are compared apart,
 * because which ones matter is known only from the plan.
 */
export function imageKey(input: {
  readonly project: string;
  readonly treeId: string;
  readonly settings: BuildSettings;
  readonly plannerVersion: string;
}): string {
  const { settings } = input;
  const parts = [
    input.project,
    input.treeId,
    input.plannerVersion,
    ...Object.entries(settings)
      .filter(([name]) => name !== 'buildEnv')
      .toSorted(([a], [b]) => a.localeCompare(b)),
    ...Object.entries(settings.buildEnv).toSorted(([a], [b]) => a.localeCompare(b)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
