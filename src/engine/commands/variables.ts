import type { Variable } from '../../domain/project.ts';
import type { ConfigurationStore, StoredVariable, VariableScope } from '../ports/configuration-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { noEnvironment, requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { checkVariables } from './variables-rules.ts';
import { variableRow } from './variables-snapshot.ts';
import type { NewVariable, VariableCommands, VariablesOf } from './commands.ts';

export interface VariableDependencies {
  readonly store: ConfigurationStore;
  readonly random: Random;
  readonly secretBox: SecretBox;
}

export function variableCommands(dependencies: VariableDependencies): VariableCommands {
  const { store, secretBox } = dependencies;
  return {
    async list(actor, project, environment) {
      requireAccess(actor, 'read', project);
      const stored = await store.variables.list(await scopeOf(store, project, environment));
      return stored.map((variable) => shown(variable, secretBox));
    },
    async set(actor, project, environment, variables) {
      requireAccess(actor, 'configure', project);
      checkVariables(variables);
      const scope = await scopeOf(store, project, environment);
      const records = variables.map((variable) => seal(variable, dependencies));
      if (!(await store.variables.set(scope, records))) noScope(project, environment);
    },
    async unset(actor, project, environment, names) {
      requireAccess(actor, 'configure', project);
      return store.variables.unset(await scopeOf(store, project, environment), names);
    },
  };
}

async function scopeOf(store: ConfigurationStore, project: string, level: VariablesOf): Promise<VariableScope> {
  const { id: projectId } = (await store.projects.find(project)) ?? noProject(project);
  if (level === null) return { projectId, environmentId: null };
  if (typeof level !== 'string') return { projectId, environmentId: null, previews: true };
  const environment = level;
  const found = (await store.environments.find(projectId, environment)) ?? noEnvironment(project, environment);
  return { projectId, environmentId: found.id };
}

function noScope(project: string, level: VariablesOf): never {
  return typeof level === 'string' ? noEnvironment(project, level) : noProject(project);
}

function seal({ name, value, secret, build = false }: NewVariable, { random, secretBox }: VariableDependencies) {
  const id = random.id();
  return { id, name, secret, build, sealed: secretBox.seal(value, variableRow(id)) };
}

/** A secret is not even opened. */
function shown({ id, name, secret, build, sealed, level, updatedAt }: StoredVariable, secretBox: SecretBox): Variable {
  const value = secret ? '' : secretBox.open(sealed, variableRow(id));
  return { name, value, secret, build, level, updatedAt };
}
