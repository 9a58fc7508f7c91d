import { CutoverError } from '../../domain/errors.ts';
import { ofPlatform } from '../../domain/platform-repository.ts';
import type { Project } from '../../domain/project.ts';
import { mayEnter, type Actor, type Permission } from '../../domain/roles.ts';
import type { Random } from '../ports/random.ts';
import type { GitExchange, GitRepositories, RefChange, RefRefusal } from '../ports/git-repositories.ts';
import type { Acceptance, PushKeeper } from '../reconcile/push-keeper.ts';
import type { ProjectRemote, PushCommands } from './push-commands.ts';
import type { DeploymentDependencies } from './deployments.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { PushPlaces, pushLimits, type PushLimits } from './push-places.ts';
import { watchPush } from './watch-push.ts';

export interface PushDependencies {
  readonly deployments: DeploymentDependencies;
  readonly repositories: GitRepositories;
  readonly keeper: Pick<PushKeeper, 'recovered' | 'accept' | 'settle' | 'letGoUnlessTaken'>;
  readonly random: Random;
  /** Address of the remote of a project. */
  readonly remoteOf: (project: string) => string;
  readonly limits?: PushLimits;
}

export function pushCommands(dependencies: PushDependencies): PushCommands {
  const { deployments, repositories, keeper, random, limits = pushLimits } = dependencies;
  const places = new PushPlaces(limits);
  const find = async (actor: Actor, permission: Permission, name: string) => {
    requireAccess(actor, permission, name);
    const project = (await deployments.configuration.projects.find(name)) ?? noProject(name);
    return ofPlatform(project.repository) === project.id ? project : elsewhere(project);
  };
  return {
    async remote(actor, name) {
      requireAccess(actor, 'read', name);
      const project = (await deployments.configuration.projects.find(name)) ?? noProject(name);
      return ofPlatform(project.repository) === project.id ? remoteOf(dependencies, project) : elsewhere(project);
    },
    async advertise(actor, name, service, exchange) {
      const isPush = service === 'git-receive-pack';
      const project = await find(actor, isPush ? 'trigger' : 'deploy', name);
      // Whoever is told here has not sent anything yet.
      if (isPush && places.areTaken) throw new CutoverError('too_busy', noPlace);
      await repositories.advertise(project.id, service, exchange);
    },
    async upload(actor, name, exchange) {
      await repositories.upload((await find(actor, 'deploy', name)).id, exchange);
    },
    async push(actor, name, exchange) {
      const project = await find(actor, 'trigger', name);
      await unlessAborted(keeper.recovered, exchange.signal);
      const pushId = random.id();
      const refusal = places.enter(pushId) ? null : `${noPlace}: try again in some seconds`;
      try {
        await repositories.receive({ projectId: project.id, pushId, refusal }, exchange, (changes, tell) => {
          places.received(pushId);
          return carryOut(dependencies, { project, pushId, actor, changes, tell, exchange });
        });
      } finally {
        places.leave(pushId);
        await keeper.letGoUnlessTaken(project.id, pushId);
      }
    },
  };
}

const noPlace = 'as many pushes are under way as there may be';

interface PushInHand {
  readonly project: Project;
  readonly pushId: string;
  readonly actor: Actor;
  readonly changes: readonly RefChange[];
  readonly tell: (line: string) => void;
  readonly exchange: GitExchange;
}

/** Everything is taken before anything is waited for. */
async function carryOut(dependencies: PushDependencies, push: PushInHand): Promise<readonly RefRefusal[]> {
  const { project, pushId, actor, changes, exchange } = push;
  const accepted: Acceptance[] = [];
  for (const change of changes) {
    const refusal = await outOfReach(dependencies, push, change);
    if (refusal !== null) accepted.push({ refusal });
    else accepted.push(await dependencies.keeper.accept({ project, pushId, by: actor.name, change }));
  }
  await dependencies.repositories.letGo(project.id, pushId);
  return Promise.all(
    accepted.map((acceptance, index) =>
      outcomeOf(dependencies, { ...push, signal: exchange.signal }, acceptance, changes[index]),
    ),
  );
}

const branchRefs = 'refs/heads/';

/** Who is bound to environments may push to the branches that those are deployed from, and to no other environment's. */
async function outOfReach(
  { deployments }: PushDependencies,
  { project, actor }: PushInHand,
  { ref, to }: RefChange,
): Promise<RefRefusal> {
  if (actor.environments === undefined) return null;
  const all = await deployments.configuration.environments.list(project.id);
  const deployed = all.filter(({ settings }) => to !== null && ref === `${branchRefs}${settings.branch}`);
  if (deployed.length > 0 && deployed.every(({ name }) => mayEnter(actor, name))) return null;
  return 'the token may not deploy what this would deploy';
}

async function outcomeOf(
  dependencies: PushDependencies,
  { tell, signal }: PushInHand & { readonly signal: AbortSignal },
  { refusal, ...accepted }: Acceptance,
  change: RefChange | undefined,
): Promise<RefRefusal> {
  if (refusal !== null) return refusal;
  const push = 'push' in accepted ? accepted.push : null;
  if (push !== null) return watchPush(dependencies, push, tell, signal);
  if (change?.ref.startsWith('refs/tags/') === true && change.to !== null)
    tell(`${change.ref.slice('refs/tags/'.length)} is kept; tags deploy nothing`);
  return null;
}

async function remoteOf(
  { deployments, remoteOf: url }: PushDependencies,
  { id, name }: Project,
): Promise<ProjectRemote> {
  const environments = await deployments.configuration.environments.list(id);
  const byBranch = Map.groupBy(environments, ({ settings }) => settings.branch);
  const branches = [...byBranch].map(([branch, group]) => ({ branch, environments: group.map((one) => one.name) }));
  return { url: url(name), branches };
}

function elsewhere({ name, repository }: Project): never {
  const from = repository === null ? 'has no repository' : `reads its code from ${repository}`;
  throw new CutoverError('repository_elsewhere', `the project "${name}" ${from}`);
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  await Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}
