import type { Environment, Project } from '../../domain/project.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Trigger } from '../../domain/source.ts';
import type { NewDeploymentRecord } from '../ports/deployment-store.ts';
import type { Triggered } from './commands.ts';
import { recordDeployment, type RecordingDependencies } from './record-deployment.ts';

export type { RecordingDependencies } from './record-deployment.ts';

export interface GitDeployment {
  readonly project: Project;
  readonly environment: Environment;
  readonly branch: string;
  /** 40 hex digits; null: the head of the branch. */
  readonly commit: string | null;
  readonly trigger: Trigger;
  readonly idempotency: NewDeploymentRecord['idempotency'];
  readonly onceKey: string | null;
}

/** A commit of the project's repository. Error: `repository_missing`. */
export async function recordGitDeployment(
  dependencies: RecordingDependencies,
  { project, branch, commit, ...rest }: GitDeployment,
): Promise<Triggered> {
  const repository = repositoryOf(project);
  return recordDeployment(dependencies, {
    ...rest,
    project,
    kind: 'git',
    source: { kind: 'git', repository, branch, requestedCommit: commit, commit: null },
  });
}

/** Error: `repository_missing`. */
export function repositoryOf({ name, repository }: Project): string {
  if (repository !== null) return repository;
  throw new CutoverError('repository_missing', `the project "${name}" has no repository`);
}
