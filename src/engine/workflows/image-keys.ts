import type { BuildPlan } from '../../domain/build-plan.ts';
import type { CommitInfo } from '../../domain/source.ts';
import { buildInputs } from './build-inputs.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { imageKey } from './image-key.ts';

/** Under which what is built from a commit may be known. */
export interface ImageKeys {
  /** By the app's directory and the files above it: a change beside it is no other input. null: the app is the whole repository, or may be. */
  readonly app: string | null;
  /** By all of the repository: what lies beside an app may be part of it, which is known only from the plan. */
  readonly repository: string;
}

export async function imageKeys(run: DeploymentRun, { sha }: CommitInfo): Promise<ImageKeys> {
  const { configuration, projectId } = run.deployment;
  const { build: settings } = configuration;
  const { source, planner } = run.ports;
  const keyOf = (of: 'app' | 'repository', treeId: string) =>
    imageKey({ project: projectId, treeId, of, settings, plannerVersion: planner.version, ...buildInputs(run) });
  const repository = keyOf('repository', await source.treeId(run.repository, sha, '', run.signal));
  if (settings.directory === '') return { app: null, repository };
  const appTreeId = await source.appTreeId(run.repository, sha, settings.directory, run.signal);
  return { app: appTreeId === null ? null : keyOf('app', appTreeId), repository };
}

/** What is sent to the build decides what it may depend on. */
export function keyFor({ app, repository }: ImageKeys, plan: BuildPlan): string {
  return app !== null && plan.contextDirectory === undefined ? app : repository;
}
