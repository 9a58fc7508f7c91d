import type { BuildPlan } from '../../domain/build-plan.ts';
import type { CommitInfo } from '../../domain/source.ts';
import { buildInputs } from './build-inputs.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { imageKey, type ImageKeys } from './image-key.ts';

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
