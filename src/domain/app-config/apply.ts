import type { AppConfig, ProcessConfig } from '../app-config.ts';
import type { BuildSettings } from '../build-settings.ts';
import type { EnvironmentSettings } from '../environment-settings.ts';
import { CutoverError } from '../errors.ts';
import { defaultStayUpMs, webProcess, type ProcessSettings } from '../processes.ts';
import { buildSettingsProblem, environmentSettingsProblem, type SettingsProblem } from '../settings-rules.ts';
import type { VolumeSettings } from '../volumes.ts';
import { mergeProcesses } from './merge-processes.ts';

/**
 * The settings of a deployment: what the repository says wins over what the environment is set to (rule 4.3). Processes and
 * volumes are matched by name; those the repository does not name stay. Error: `config_invalid` where each is right by itself and
 * the two do not go together.
 */
export function applyAppConfig(settings: EnvironmentSettings, config: AppConfig): EnvironmentSettings {
  const merged = { ...settings, ...config.settings };
  const applied: EnvironmentSettings = {
    ...merged,
    health: { ...settings.health, ...config.health },
    rollback: { ...settings.rollback, ...config.rollback },
    processes: mergeProcesses(config.processes, settings.processes).map((process) => complete(process, merged)),
    volumes: mergeVolumes(config.volumes, settings.volumes),
  };
  refuse(environmentSettingsProblem(applied));
  return applied;
}

/** How a deployment is built; the directory is where the file was found, so it stays. Error: `config_invalid`. */
export function applyAppBuild(build: BuildSettings, config: AppConfig): BuildSettings {
  const applied = { ...build, ...config.build };
  refuse(buildSettingsProblem(applied));
  return applied;
}

/** Limits that are not given are those of `web`. */
function complete(process: ProcessConfig, settings: EnvironmentSettings): ProcessSettings {
  const { cpuCores, memoryMb } = settings;
  const full = { command: null, replicas: 1, cpuCores, memoryMb, check: null, stayUpMs: defaultStayUpMs, ...process };
  return process.name === webProcess ? { ...full, replicas: settings.replicas, cpuCores, memoryMb } : full;
}

function mergeVolumes(strong: readonly VolumeSettings[], weak: readonly VolumeSettings[]): readonly VolumeSettings[] {
  const names = new Set(strong.map(({ name }) => name));
  return [...strong, ...weak.filter(({ name }) => !names.has(name))];
}

function refuse(problem: SettingsProblem | null): void {
  if (problem === null) return;
  const where = 'the repository and the environment do not go together';
  throw new CutoverError('config_invalid', `${where}: ${problem.field} ${problem.message}`);
}
