import type { WireProject } from '../../contract/schemas/project.ts';
import type { WireEnvironment } from '../../contract/schemas/environment.ts';
import type { WireVariable } from '../../contract/schemas/variable.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';
import type { EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { Environment, Project, Variable } from '../../domain/project.ts';

export function wireProject({ id, name, repository, build, createdAt }: Project): WireProject {
  return { id, name, repository, build: wireBuild(build), createdAt };
}

export function wireBuild(build: BuildSettings): WireProject['build'] {
  return { ...build, buildEnv: { ...build.buildEnv } };
}

export function wireEnvironment(environment: Environment): WireEnvironment {
  const { id, name, settings, hosts, currentDeploymentId, createdAt } = environment;
  return { id, name, settings: wireSettings(settings), hosts: [...hosts], currentDeploymentId, createdAt };
}

export function wireSettings(settings: EnvironmentSettings): WireEnvironment['settings'] {
  return { ...settings, health: { ...settings.health } };
}

/** A secret's value never leaves, whatever the engine hands over. */
export function wireVariable({ name, value, secret, level, updatedAt }: Variable): WireVariable {
  return { name, value: secret ? null : value, secret, level, updatedAt };
}
