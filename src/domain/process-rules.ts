import { isOneOff, processName, webProcess, type ExecCheck, type ProcessSettings } from './processes.ts';
import type { SettingsProblem } from './settings-rules.ts';
import { exclusiveVolumes, volumeName, volumePathProblem, type VolumeSettings } from './volumes.ts';

/** What processes and volumes may be set to; memory in MiB, CPU in cores, durations in milliseconds. */
export const processLimits = {
  processes: 32,
  replicas: [1, 32],
  cpuCores: [0.05, 64],
  memoryMb: [16, 1_048_576],
  stayUpMs: [0, 86_400_000],
  arguments: 256,
  /** Characters of all arguments together. */
  commandLength: 8_192,
  volumes: 32,
} as const;

/** The first thing that is wrong with the processes of an environment; null when they are fine. */
export function processesProblem(processes: readonly ProcessSettings[]): SettingsProblem | null {
  const { processes: most } = processLimits;
  if (processes.length > most) return { field: 'processes', message: `must not be more than ${most}` };
  const names = processes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return { field: `processes.${twice}`, message: 'is given twice' };
  return firstProblem(processes, processProblem);
}

/** The first thing that is wrong with the volumes of an environment; null when they are fine. */
export function volumesProblem(volumes: readonly VolumeSettings[]): SettingsProblem | null {
  const { volumes: most } = processLimits;
  if (volumes.length > most) return { field: 'volumes', message: `must not be more than ${most}` };
  const wrong = firstProblem(volumes, volumeProblem);
  if (wrong !== null) return wrong;
  for (const [index, { name, path }] of volumes.entries()) {
    const earlier = volumes.slice(0, index).find((other) => other.name === name || other.path === path);
    if (earlier?.name === name) return { field: `volumes.${name}`, message: 'is given twice' };
    if (earlier !== undefined) {
      return { field: `volumes.${name}.path`, message: `is already the path of the volume ${earlier.name}` };
    }
  }
  return null;
}

/** What is wrong with a command as an argument vector; null when nothing is. */
export function commandProblem(command: readonly string[]): string | null {
  const { arguments: most, commandLength } = processLimits;
  if (command.length === 0 || (command[0] ?? '').trim() === '') return 'must name a program';
  if (command.length > most) return `must have at most ${most} arguments`;
  if (command.some((argument) => argument.includes('\0'))) return 'must not have NUL characters';
  const length = command.reduce((sum, argument) => sum + argument.length, 0);
  return length > commandLength ? 'must be at most 8,192 characters long' : null;
}

function processProblem(process: ProcessSettings): SettingsProblem | null {
  const { name, command } = process;
  if (!processName.test(name)) return { field: 'processes', message: 'must have names of lower-case letters' };
  const wrong = (member: string, message: string) => ({ field: `processes.${name}.${member}`, message });
  if (command === null && isOneOff(process)) return wrong('command', 'is missing');
  const badCommand = command === null ? null : commandProblem(command);
  if (badCommand !== null) return wrong('command', badCommand);
  if (isOneOff(process) && process.replicas !== 1) return wrong('replicas', 'must be 1 for what runs once');
  if ((isOneOff(process) || name === webProcess) && process.check !== null) {
    return wrong('check', 'is for workers only');
  }
  const members = ['replicas', 'cpuCores', 'memoryMb', 'stayUpMs'] as const;
  const outside = members.find((member) => !isWithin(process[member], processLimits[member], member === 'cpuCores'));
  if (outside !== undefined) {
    const [min, max] = processLimits[outside];
    return wrong(outside, `must be a ${outside === 'cpuCores' ? '' : 'whole '}number from ${min} to ${max}`);
  }
  return process.check === null ? null : checkProblem(`processes.${name}.check`, process.check);
}

/** The ranges of the health check (rule 5.1). */
const checkLimits = {
  intervalMs: [50, 86_400_000],
  timeoutMs: [1, 86_400_000],
  healthyThreshold: [1, 100],
  unhealthyThreshold: [1, 100],
  startPeriodMs: [0, 86_400_000],
} as const;

function checkProblem(field: string, check: ExecCheck): SettingsProblem | null {
  const badCommand = commandProblem(check.command);
  if (badCommand !== null) return { field: `${field}.command`, message: badCommand };
  const members = ['intervalMs', 'timeoutMs', 'healthyThreshold', 'unhealthyThreshold', 'startPeriodMs'] as const;
  const outside = members.find((member) => !isWithin(check[member], checkLimits[member], false));
  if (outside === undefined) return null;
  const [min, max] = checkLimits[outside];
  return { field: `${field}.${outside}`, message: `must be a whole number from ${min} to ${max}` };
}

function volumeProblem(volume: VolumeSettings): SettingsProblem | null {
  if (!volumeName.test(volume.name)) return { field: 'volumes', message: 'must have names of lower-case letters' };
  const message = volumePathProblem(volume.path);
  if (message !== null) return { field: `volumes.${volume.name}.path`, message };
  // Nobody writes to it: there is nothing to be exclusive about, and `recreate` would cost for nothing.
  if (!volume.readOnly || exclusiveVolumes([volume]).length === 0) return null;
  return { field: `volumes.${volume.name}.access`, message: 'must be shared where the volume is read-only' };
}

function isWithin(value: number, [min, max]: readonly [number, number], fractions: boolean): boolean {
  return value >= min && value <= max && (fractions || Number.isInteger(value));
}

function firstProblem<T>(all: readonly T[], rule: (one: T) => SettingsProblem | null): SettingsProblem | null {
  for (const one of all) {
    const problem = rule(one);
    if (problem !== null) return problem;
  }
  return null;
}
