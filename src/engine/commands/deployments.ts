import { describeVerdict } from '../../domain/deployment-verdict.ts';
import type { Deployment, DeploymentSummary } from '../../domain/deployment.ts';
import { isFinal } from '../../domain/deployment-state.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { Environment } from '../../domain/project.ts';
import { mayCancel, mayEnter, type Actor, type Permission } from '../../domain/roles.ts';
import { Deadline } from '../deadline.ts';
import type { Changes } from '../observe/changes.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { DeploymentQueries, DeploymentStore } from '../ports/deployment-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logs } from '../ports/logs.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { Uploads } from '../ports/uploads.ts';
import type { DeploymentCommands, DeploymentDetail, DeploymentQuery } from './commands.ts';
import type { Router } from '../ports/router.ts';
import type { ArtifactCheck } from '../workflows/artifact-check.ts';
import { deployImage } from './deployments-image.ts';
import { deployUpload } from './deployments-upload.ts';
import { followTimeline, readLog } from './deployments-follow.ts';
import { queueOf } from './deployments-queue.ts';
import { promote, rollBack } from './deployments-rollback.ts';
import { triggerDeployment } from './deployments-trigger.ts';
import { askAndWait } from './deployments-wants.ts';
import { noEnvironment, requireAccess, requireEnvironment } from './projects-access.ts';
import { noProject } from './projects.ts';
import { rolloutPlan, rolloutStatus, watchRollout } from './rollout-status.ts';

export interface DeploymentDependencies {
  readonly configuration: ConfigurationStore;
  readonly deployments: DeploymentStore;
  readonly queries: DeploymentQueries;
  readonly changes: Changes;
  readonly logs: Logs;
  readonly clock: Clock;
  readonly random: Random;
  readonly secretBox: SecretBox;
  readonly artifacts: ArtifactCheck;
  readonly uploads: Pick<Uploads, 'receive' | 'remove'>;
  readonly router: Pick<Router, 'inFlight'>;
  /** URL at which a host is reached from outside, with the router's port where it is not the usual one. */
  readonly urlOf: (host: string) => string;
  /** Throws `ref_invalid` for what Git would not take as the name of a branch. */
  readonly checkBranch: (branch: string) => void;
  /** There is something to claim, or something to stop. */
  readonly wake: () => void;
}

const lookLimitMs = 15_000;

export function deploymentCommands(dependencies: DeploymentDependencies): DeploymentCommands {
  return {
    trigger: (actor, project, input) => triggerDeployment(dependencies, actor, { project, input }),
    deployImage: (actor, project, input) => deployImage(dependencies, actor, { project, input }),
    deployUpload: (actor, project, input, signal) => deployUpload(dependencies, actor, { project, input }, signal),
    list: (actor, project, query) => list(dependencies, actor, { project, query }),
    get: async (actor, project, number) =>
      detail(dependencies, await find(dependencies, actor, { permission: 'follow', project, number })),
    cancel: async (actor, project, number) => {
      const deployment = await find(dependencies, actor, { permission: 'trigger', project, number });
      if (!mayCancel(actor, deployment.trigger))
        throw new CutoverError('forbidden', `"${actor.name}" has not triggered #${number} and may not cancel it`);
      const ask = () => dependencies.deployments.requestCancel(deployment.id);
      return askAndWait(dependencies, deployment, ask, ({ state }) => isFinal(state));
    },
    pause: async (actor, project, number) => {
      const deployment = await find(dependencies, actor, { permission: 'deploy', project, number });
      const ask = () => dependencies.deployments.requestPause(deployment.id, actor.name);
      return askAndWait(dependencies, deployment, ask, ({ state }) => state === 'paused' || isFinal(state));
    },
    resume: async (actor, project, number) => {
      const deployment = await find(dependencies, actor, { permission: 'deploy', project, number });
      const ask = () => dependencies.deployments.requestResume(deployment.id, actor.name);
      return askAndWait(dependencies, deployment, ask, () => true);
    },
    rollback: (actor, project, input) => rollBack(dependencies, actor, { project, input }),
    promote: (actor, project, input) => promote(dependencies, actor, { project, input }),
    plan: async (actor, project, environment) =>
      rolloutPlan(
        dependencies,
        await findEnvironment(dependencies, actor, { permission: 'follow', project, environment }),
      ),
    rollout: async (actor, project, environment) => {
      using limit = new Deadline(dependencies.clock, lookLimitMs);
      const found = await findEnvironment(dependencies, actor, { permission: 'read', project, environment });
      return await rolloutStatus(dependencies, found, limit.signal);
    },
    watchRollout: (actor, project, environment, signal) =>
      watchRollout(
        dependencies,
        () => findEnvironment(dependencies, actor, { permission: 'read', project, environment }),
        signal,
      ),
    async *timeline(actor, project, number, options, signal) {
      const deployment = await find(dependencies, actor, { permission: 'follow', project, number });
      yield* followTimeline(dependencies, deployment.id, options, signal);
    },
    async *log(actor, request, signal) {
      const deployment = await find(dependencies, actor, { permission: 'follow', ...request });
      refuseRemovedLogs(deployment);
      yield* readLog(dependencies, deployment.id, request, signal);
    },
    queue: (actor) => queueOf(dependencies, actor),
  };
}

function refuseRemovedLogs({ number, removed }: Deployment): void {
  if (removed.logsAt === null) return;
  throw new CutoverError(
    'not_found',
    `the logs of #${number} were removed on ${removed.logsAt.slice(0, 10)}: they are not kept for ever`,
  );
}

interface Lookup {
  readonly permission: Permission;
  readonly project: string;
  readonly number: number;
}

async function find(dependencies: DeploymentDependencies, actor: Actor, lookup: Lookup): Promise<Deployment> {
  requireAccess(actor, lookup.permission, lookup.project);
  const project = (await dependencies.configuration.projects.find(lookup.project)) ?? noProject(lookup.project);
  const deployment = await dependencies.queries.byNumber(project.id, lookup.number);
  if (deployment === null || !mayEnter(actor, deployment.environmentName))
    throw new CutoverError('not_found', `the project "${lookup.project}" has no deployment #${lookup.number}`);
  return deployment;
}

interface PlaceLookup {
  readonly permission: Permission;
  readonly project: string;
  readonly environment: string;
}

async function findEnvironment(
  { configuration }: DeploymentDependencies,
  actor: Actor,
  { permission, project, environment }: PlaceLookup,
): Promise<Environment> {
  requireAccess(actor, permission, project);
  requireEnvironment(actor, project, environment);
  const { id } = (await configuration.projects.find(project)) ?? noProject(project);
  return (await configuration.environments.find(id, environment)) ?? noEnvironment(project, environment);
}

async function list(
  { configuration, queries }: DeploymentDependencies,
  actor: Actor,
  { project, query }: { readonly project: string; readonly query: DeploymentQuery },
): Promise<readonly DeploymentSummary[]> {
  requireAccess(actor, 'follow', project);
  const { id } = (await configuration.projects.find(project)) ?? noProject(project);
  const { state, before, limit } = query;
  const environment = query.environment ?? onlyEnvironment(actor);
  if (environment !== undefined) requireEnvironment(actor, project, environment);
  const found = environment === undefined ? undefined : await configuration.environments.find(id, environment);
  if (found === null) noEnvironment(project, environment ?? '');
  return queries.list({
    projectId: id,
    limit,
    ...(found === undefined ? {} : { environmentId: found.id }),
    ...(state === undefined ? {} : { state }),
    ...(before === undefined ? {} : { before }),
  });
}

/** What a token is bound to goes without saying where it is one. */
function onlyEnvironment({ environments }: Actor): string | undefined {
  if (environments === undefined || environments.length === 1) return environments?.[0];
  throw new CutoverError('invalid_input', `name the environment: this token is for ${environments.join(', ')}`);
}

async function detail({ queries, urlOf }: DeploymentDependencies, deployment: Deployment): Promise<DeploymentDetail> {
  const [jobs, instances, observation] = await Promise.all([
    queries.jobs(deployment.id),
    queries.instances(deployment.id),
    queries.observation(deployment.id),
  ]);
  const verdict = describeVerdict(deployment, observation);
  const url = urlOf(deployment.configuration.hosts[0] ?? 'localhost');
  return { deployment, jobs, instances, observation, verdict, url };
}
