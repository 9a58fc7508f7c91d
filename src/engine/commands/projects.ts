import { defaultBuildSettings, type BuildSettings } from '../../domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../domain/environment-settings.ts';
import { CutoverError } from '../../domain/errors.ts';
import { environmentHost } from '../../domain/hosts.ts';
import { platformRepository } from '../../domain/platform-repository.ts';
import type { Project } from '../../domain/project.ts';
import { mayAccess, type Actor } from '../../domain/roles.ts';
import { buildSettingsProblem } from '../../domain/settings-rules.ts';
import type { ConfigurationStore, ProjectFields } from '../ports/configuration-store.ts';
import type { Random } from '../ports/random.ts';
import { requireAccess } from './projects-access.ts';
import { changedSettings, checkHost, checkName, refuse } from './projects-rules.ts';
import type { NewProject, ProjectChange, ProjectCommands } from './commands.ts';

export interface ConfigurationDependencies {
  readonly store: ConfigurationStore;
  readonly random: Random;
  /** Environments get hosts under it. */
  readonly baseDomain: string;
  /** Of the platform itself: no environment gets it. */
  readonly publicHost: string;
  /** Throws `repository_refused` for a URL the platform will not read. */
  readonly checkRepository: (repository: string) => void;
  /** Whether the platform's GitHub App may be asked for it: it reads and writes for whatever project has such a repository. */
  readonly isReadByApp: (repository: string) => Promise<boolean>;
  /** Throws `ref_invalid` for what Git does not take for the name of a branch. */
  readonly checkBranch: (branch: string) => void;
  /** Something was marked for deletion: whoever carries that out should look. It is recorded; a call that is lost only delays it. */
  readonly wake: () => void;
}

export function projectCommands(dependencies: ConfigurationDependencies): ProjectCommands {
  const { store, wake } = dependencies;
  return {
    async create(actor, input) {
      requireAccess(actor, 'configure', null);
      return create(dependencies, input);
    },
    async list(actor) {
      requireAccess(actor, 'read', actor.project);
      return store.projects.list(actor.project);
    },
    async get(actor, name) {
      requireAccess(actor, 'read', name);
      return (await store.projects.find(name)) ?? noProject(name);
    },
    async update(actor, name, change) {
      requireAccess(actor, 'configure', name);
      await refuseForeignRepository(dependencies, actor, { name, change });
      const apply = (current: Project) => changed(current, change, dependencies.checkRepository);
      return (await store.projects.update(name, apply)) ?? noProject(name);
    },
    async delete(actor, name) {
      requireAccess(actor, 'configure', name);
      if (!(await store.projects.markDeleting(name))) noProject(name);
      wake();
    },
  };
}

/** Errors: `invalid_input` for one that is too long, `host_taken` for the platform's own. */
export function hostFor(
  { baseDomain, publicHost }: Pick<ConfigurationDependencies, 'baseDomain' | 'publicHost'>,
  project: string,
  environment: string,
): string {
  const host = environmentHost(project, environment, baseDomain);
  checkHost(host);
  if (host === publicHost) throw new CutoverError('host_taken', `${host} is where the platform itself answers`);
  return host;
}

export function noProject(name: string): never {
  throw new CutoverError('not_found', `there is no project "${name}"`);
}

function create(dependencies: ConfigurationDependencies, input: NewProject): Promise<Project> {
  const { store, random, checkRepository } = dependencies;
  const { name, repository } = input;
  checkName('project', name);
  const host = hostFor(dependencies, name, 'production');
  const id = random.id();
  if (repository !== null) checkRepository(repository);
  const build = merged(defaultBuildSettings, input.build);
  const branch = input.branch ?? defaultEnvironmentSettings.branch;
  const settings = changedSettings(defaultEnvironmentSettings, { branch }, dependencies.checkBranch);
  return store.projects.create(
    { id, name, repository: keptHere(input) ? platformRepository(id) : repository, build },
    { id: random.id(), name: 'production', settings, hosts: [host] },
  );
}

interface Wanted {
  readonly name: string;
  readonly change: ProjectChange;
}

/** Whoever may only change this project must not get what the App may read for others. Error: `forbidden`. */
async function refuseForeignRepository(
  { store, isReadByApp }: ConfigurationDependencies,
  actor: Actor,
  { name, change: { repository } }: Wanted,
): Promise<void> {
  if (repository === undefined || mayAccess(actor, 'configure', null)) return;
  const current = (await store.projects.find(name))?.repository ?? null;
  if (repository === current || !(await isReadByApp(repository))) return;
  throw new CutoverError(
    'forbidden',
    'repository: the GitHub App of the platform reads it for every project, so that only who may make projects chooses it',
  );
}

function changed(current: Project, change: ProjectChange, checkRepository: (url: string) => void): ProjectFields {
  const own = keptHere(change) ? platformRepository(current.id) : current.repository;
  const repository = change.repository ?? own;
  if (change.repository !== undefined) checkRepository(change.repository);
  return { repository, build: merged(current.build, change.build) };
}

/** Error: `invalid_input` where it is said to be elsewhere too. */
function keptHere({
  gitPush = false,
  repository,
}: Pick<NewProject, 'gitPush'> & { readonly repository?: string | null }): boolean {
  if (gitPush && typeof repository === 'string')
    throw new CutoverError('invalid_input', 'gitPush: the platform keeps the repository, or it is elsewhere: not both');
  return gitPush;
}

function merged(current: BuildSettings, change: Partial<BuildSettings> = {}): BuildSettings {
  const build = { ...current, ...change };
  refuse(buildSettingsProblem(build));
  return build;
}
