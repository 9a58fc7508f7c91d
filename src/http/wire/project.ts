import type { WireProject } from '../../contract/schemas/project.ts';
import type { WireEnvironment } from '../../contract/schemas/environment.ts';
import type { WireProcess } from '../../contract/schemas/process.ts';
import type { WireVariable } from '../../contract/schemas/variable.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';
import type { EnvironmentSettings } from '../../domain/environment-settings.ts';
import type { ProcessSettings } from '../../domain/processes.ts';
import type { Environment, Project, Variable } from '../../domain/project.ts';

export function wireProject({ id, name, repository, build, createdAt }: Project): WireProject {
  return { id, name, repository, build: wireBuild(build), createdAt };
}

export function wireBuild(build: BuildSettings): WireProject['build'] {
  return { ...build, buildEnv: { ...build.buildEnv } };
}

export function wireEnvironment(environment: Environment): WireEnvironment {
  const { id, name, kind, settings, hosts, currentDeploymentId, autoDeployHeld, asleepSince, createdAt } = environment;
  return {
    id,
    name,
    kind,
    settings: wireSettings(settings),
    hosts: [...hosts],
    currentDeploymentId,
    autoDeployHeld,
    asleepSince,
    createdAt,
  };
}

export function wireSettings(settings: EnvironmentSettings): WireEnvironment['settings'] {
  const { watchPaths, canarySteps, processes, volumes } = settings;
  return {
    ...settings,
    watchPaths: [...watchPaths],
    canarySteps: [...canarySteps],
    processes: processes.map(wireProcess),
    volumes: [...volumes],
  };
}

function wireProcess(process: ProcessSettings): WireProcess {
  const { command, check } = process;
  return {
    ...process,
    command: command === null ? null : [...command],
    check: check === null ? null : { ...check, command: [...check.command] },
  };
}

/** A secret's value never leaves, whatever the engine hands over. */
export function wireVariable({ name, value, secret, build, level, updatedAt }: Variable): WireVariable {
  return { name, value: secret ? null : value, secret, build, level, updatedAt };
}
