import { applyAppConfig } from '../../domain/app-config/apply.ts';
import type { Deployment } from '../../domain/deployment.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Environment } from '../../domain/project.ts';
import type { Actor } from '../../domain/roles.ts';
import { Deadline } from '../deadline.ts';
import type { Idempotency } from '../ports/deployment-store.ts';
import type { NewPromotion, NewRollback, Triggered } from './commands.ts';
import { createRerun, variablesOf } from './create-rerun.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { idempotencyOf } from './idempotency.ts';
import { noEnvironment, requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { rollbackTarget } from './rollback-target.ts';
import { findRollout, takeBackRollout, type RolloutUnderWay } from './take-back-rollout.ts';
import { variablesFor } from './variables-snapshot.ts';

const checkLimitMs = 15_000;

/** Back to an earlier version because somebody says so (rule 5.7): by a deployment of its own, or by taking back what is being rolled out. */
export async function rollBack(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project: projectName, input }: { readonly project: string; readonly input: NewRollback },
): Promise<Triggered> {
  requireAccess(actor, 'deploy', projectName);
  const { project, environment } = await lookUp(dependencies, projectName, input.environment);
  const idempotency = idempotencyOf(actor, input.idempotencyKey, [
    'rollback',
    projectName,
    input.environment,
    input.to ?? null,
    input.currentEnv ?? false,
    input.force ?? false,
  ]);
  const answered = await answeredBefore(dependencies, idempotency);
  if (answered !== null) return answered;
  const underWay = await findRollout(dependencies, environment.id);
  if (underWay !== null && isToTheOneBefore(input, underWay)) {
    const takenBack = await takeBackRollout(dependencies, underWay, { by: actor.name, idempotency });
    if (takenBack !== null) return { deployment: takenBack, replayed: false };
  }
  const current = underWay?.rollout ?? (await currentOf(dependencies, environment.currentDeploymentId));
  const target = await rollbackTarget(dependencies.queries, {
    projectId: project.id,
    environmentId: environment.id,
    current,
    to: input.to ?? underWay?.before.number ?? null,
    force: input.force ?? false,
  });
  const record = await recordOf(dependencies, target);
  await requireArtifact(dependencies, target);
  // Whoever goes back further does not want to wait for the end of what is being rolled out either.
  if (underWay !== null) await takeBackRollout(dependencies, underWay, { by: actor.name, idempotency: null });
  return createRerun(dependencies, {
    model: target,
    environmentId: environment.id,
    origin: {
      kind: 'rollback',
      deploymentId: target.id,
      number: target.number,
      automatic: false,
      from: current === null ? null : { deploymentId: current.id, number: current.number },
      currentVariables: input.currentEnv ?? false,
      reason: null,
    },
    trigger: { kind: 'manual', by: actor.name, noCache: false },
    configuration: { ...target.configuration, hosts: environment.hosts },
    variables:
      (input.currentEnv ?? false)
        ? await currentVariables(dependencies, project.id, environment.id)
        : variablesOf(dependencies, record),
    idempotency,
    onceKey: null,
    autoDeployHeld: `rolled back to #${target.number} by ${actor.name}`,
  });
}

/** What runs already. Other variables are another version. */
function isToTheOneBefore({ to, currentEnv }: NewRollback, { before }: RolloutUnderWay): boolean {
  return currentEnv !== true && (to === undefined || to === before.number);
}

/** The artifact that serves in one environment, with the configuration of another (rule 2.3). */
export async function promote(
  dependencies: DeploymentDependencies,
  actor: Actor,
  { project: projectName, input }: { readonly project: string; readonly input: NewPromotion },
): Promise<Triggered> {
  requireAccess(actor, 'deploy', projectName);
  const { project, environment: from } = await lookUp(dependencies, projectName, input.from);
  const { environment: to } = await lookUp(dependencies, projectName, input.to);
  const idempotency = idempotencyOf(actor, input.idempotencyKey, ['promote', projectName, input.from, input.to]);
  const answered = await answeredBefore(dependencies, idempotency);
  if (answered !== null) return answered;
  if (from.id === to.id) throw new CutoverError('invalid_input', 'to: must be another environment than from');
  const model = await currentOf(dependencies, from.currentDeploymentId);
  if (model === null) throw new CutoverError('not_found', `nothing serves in "${input.from}" that could be promoted`);
  await requireArtifact(dependencies, model);
  return createRerun(dependencies, {
    model,
    environmentId: to.id,
    origin: { kind: 'promote', deploymentId: model.id, number: model.number, environment: from.name },
    trigger: { kind: 'manual', by: actor.name, noCache: false },
    configuration: promotedConfiguration(model.configuration, to),
    variables: await currentVariables(dependencies, project.id, to.id),
    idempotency,
    onceKey: null,
  });
}

/** What the commit says of itself goes with it; the rest is the new environment's. */
function promotedConfiguration({ build, appConfig }: Deployment['configuration'], to: Environment) {
  return { build, appConfig, settings: applyAppConfig(to.settings, appConfig), hosts: to.hosts };
}

/** What the same request was answered with, as it is now: it is not judged by what has become of things since. */
async function answeredBefore(
  { queries, deployments }: DeploymentDependencies,
  idempotency: Idempotency | null,
): Promise<Triggered | null> {
  const id = idempotency === null ? null : await queries.answered(idempotency);
  const record = id === null ? null : await deployments.record(id);
  return record === null ? null : { deployment: record.deployment, replayed: true };
}

async function lookUp({ configuration }: DeploymentDependencies, projectName: string, environmentName: string) {
  const project = (await configuration.projects.find(projectName)) ?? noProject(projectName);
  const environment =
    (await configuration.environments.find(project.id, environmentName)) ?? noEnvironment(projectName, environmentName);
  return { project, environment };
}

async function recordOf({ deployments }: DeploymentDependencies, { id, number }: Deployment) {
  const record = await deployments.record(id);
  if (record === null) throw new CutoverError('not_found', `#${number} was deleted at the same time`);
  return record;
}

async function currentOf({ deployments }: DeploymentDependencies, id: string | null): Promise<Deployment | null> {
  return id === null ? null : ((await deployments.record(id))?.deployment ?? null);
}

/** Said at once, not after a queue. */
async function requireArtifact({ artifacts, clock }: DeploymentDependencies, deployment: Deployment): Promise<void> {
  const { artifact, number, removed } = deployment;
  using limit = new Deadline(clock, checkLimitMs);
  if (artifact !== null && (await artifacts.exists(artifact, limit.signal))) return;
  const since = removed.artifactAt === null ? '' : ` (noticed on ${removed.artifactAt.slice(0, 10)})`;
  throw new CutoverError('artifact_gone', `the artifact of #${number} is not on this machine any more${since}`);
}

function currentVariables(
  { configuration, secretBox }: DeploymentDependencies,
  projectId: string,
  environmentId: string,
) {
  return variablesFor(configuration.variables, secretBox, { projectId, environmentId });
}
