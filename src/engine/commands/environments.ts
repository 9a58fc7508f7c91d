import { defaultEnvironmentSettings, type EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { NewEnvironmentRecord } from '../ports/configuration-store.ts';
import { noEnvironment, requireAccess } from './projects-access.ts';
import { changedSettings, checkName } from './projects-rules.ts';
import { hostFor, noProject, type ConfigurationDependencies } from './projects.ts';
import type { EnvironmentCommands, SettingsChange } from './commands.ts';

export function environmentCommands(dependencies: ConfigurationDependencies): EnvironmentCommands {
  const { store, wake } = dependencies;
  const projectId = async (name: string) => ((await store.projects.find(name)) ?? noProject(name)).id;
  return {
    async create(actor, project, input) {
      requireAccess(actor, 'configure', project);
      const record = newEnvironment(dependencies, project, input);
      return (await store.environments.create(await projectId(project), record)) ?? noProject(project);
    },
    async list(actor, project) {
      requireAccess(actor, 'read', project);
      return store.environments.list(await projectId(project));
    },
    async get(actor, project, name) {
      requireAccess(actor, 'read', project);
      return (await store.environments.find(await projectId(project), name)) ?? noEnvironment(project, name);
    },
    async update(actor, project, name, change) {
      requireAccess(actor, 'configure', project);
      const apply = (current: EnvironmentSettings) => changedSettings(current, change, dependencies.checkBranch);
      const environment = await store.environments.updateSettings(await projectId(project), name, apply);
      return environment ?? noEnvironment(project, name);
    },
    async resumeAutoDeploy(actor, project, name) {
      requireAccess(actor, 'deploy', project);
      return (
        (await store.environments.resumeAutoDeploy(await projectId(project), name)) ?? noEnvironment(project, name)
      );
    },
    async delete(actor, project, name) {
      requireAccess(actor, 'configure', project);
      if (!(await store.environments.markDeleting(await projectId(project), name))) noEnvironment(project, name);
      wake();
    },
  };
}

function newEnvironment(
  dependencies: ConfigurationDependencies,
  project: string,
  input: { readonly name: string; readonly settings?: SettingsChange },
): NewEnvironmentRecord {
  checkName('environment', input.name);
  const { random, checkBranch } = dependencies;
  const host = hostFor(dependencies, project, input.name);
  const settings = changedSettings(defaultEnvironmentSettings, input.settings ?? {}, checkBranch);
  return { id: random.id(), name: input.name, settings, hosts: [host] };
}
