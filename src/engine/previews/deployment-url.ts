import type { Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { PreviewSubject } from '../../domain/preview.ts';
import { webProcess } from '../../domain/processes.ts';
import type { Environment } from '../../domain/project.ts';
import type { Trigger } from '../../domain/source.ts';
import { createRerun, variablesOf, type RecordingRerun } from '../commands/create-rerun.ts';
import type { DeploymentQueries } from '../ports/deployment-store.ts';

interface Once {
  readonly environment: Environment;
  readonly subject: Extract<PreviewSubject, { kind: 'deployment' }>;
  readonly trigger: Trigger;
  readonly onceKey: string;
}

type OnceDependencies = RecordingRerun & { readonly queries: Pick<DeploymentQueries, 'byNumber'> };

/**
 * What a deployment of a preview deployed, at a URL of its own: its artifact, with the configuration and variables that it was given then.
 * Error: `not_found`.
 */
export async function deployOnceMore(dependencies: OnceDependencies, once: Once): Promise<void> {
  const { environment, subject, trigger, onceKey } = once;
  const model = await dependencies.queries.byNumber(environment.projectId, subject.number);
  const record = model === null ? null : await dependencies.deployments.record(model.id);
  if (record === null) throw new CutoverError('not_found', `#${subject.number} is gone`);
  const { deployment } = record;
  await createRerun(dependencies, {
    model: deployment,
    environmentId: environment.id,
    origin: { kind: 'promote', deploymentId: deployment.id, number: deployment.number, environment: subject.preview },
    trigger,
    configuration: toBeLookedAt(deployment.configuration, environment.hosts),
    variables: variablesOf(dependencies, record),
    idempotency: null,
    onceKey,
  });
}

/** One instance that answers. Whatever works beside it, and what runs once, does so for the preview itself, and is not done twice. */
function toBeLookedAt(
  configuration: Deployment['configuration'],
  hosts: readonly string[],
): Deployment['configuration'] {
  const { settings } = configuration;
  const processes = settings.processes.filter(({ name }) => name === webProcess);
  return { ...configuration, hosts, settings: { ...settings, replicas: 1, processes } };
}
