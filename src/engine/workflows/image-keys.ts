import type { BuildPlan } from '../../domain/build-plan.ts';
import { buildInputs } from './build-inputs.ts';
import type { DeploymentRun } from './deployment-run.ts';
import { imageKey, type ImageKeys } from './image-key.ts';

export async function imageKeys(run: DeploymentRun, revision: string): Promise<ImageKeys> {
  const { configuration, projectId, source: from } = run.deployment;
  const { build: settings } = configuration;
  const { source, planner } = run.ports;
  const keyOf = (of: 'app' | 'repository', treeId: string) =>
    imageKey({ project: projectId, treeId, of, settings, plannerVersion: planner.version, ...buildInputs(run) });
  // Of a directory that was sent the revision is that of its tree.
  if (from.kind === 'directory') return { app: null, repository: keyOf('repository', revision) };
  const repository = keyOf('repository', await source.treeId(run.repository, revision, '', run.signal));
  if (settings.directory === '') return { app: null, repository };
  const appTreeId = await source.appTreeId(run.repository, revision, settings.directory, run.signal);
  return { app: appTreeId === null ? null : keyOf('app', appTreeId), repository };
}

/** What is sent to the build decides what it may depend on. */
export function keyFor({ app, repository }: ImageKeys, plan: BuildPlan): string {
  return app !== null && plan.contextDirectory === undefined ? app : repository;
}
