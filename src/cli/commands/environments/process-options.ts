import { InvalidArgumentError, type Command } from 'commander';
import { CutoverError } from '../../../contract/errors.ts';
import type { WireSettings, WireSettingsChange } from '../../../contract/schemas/environment.ts';
import { shellCommand } from '../../../contract/shell-command.ts';
import { parseDuration, parseMemory, parseNumber, parseWhole } from '../../output/quantities.ts';
import { given } from './given.ts';

type NewProcess = NonNullable<WireSettingsChange['processes']>[number];

/** Each `name=value`; an empty command removes the process, an empty check its check. */
export interface ProcessOptions {
  readonly process?: readonly string[];
  readonly processReplicas?: readonly string[];
  readonly processCpu?: readonly string[];
  readonly processMemory?: readonly string[];
  readonly processCheck?: readonly string[];
  readonly processStayUp?: readonly string[];
}

export function addProcessOptions(command: Command): Command {
  return command
    .option(
      '--process <name=command...>',
      "line that a process runs: worker kinds, web, release, contract; 'name=' removes it",
    )
    .option('--process-replicas <name=n...>', 'instances of a worker')
    .option('--process-cpu <name=cores...>', 'CPU limit of a process')
    .option('--process-memory <name=amount...>', 'memory limit of a process')
    .option('--process-check <name=command...>', "line that tells whether a worker is healthy; 'name=' for none")
    .option('--process-stay-up <name=duration...>', 'time a worker without a check must stay up');
}

export function touchesProcesses(options: ProcessOptions): boolean {
  const { process, processReplicas, processCpu, processMemory, processCheck, processStayUp } = options;
  const lists = [process, processReplicas, processCpu, processMemory, processCheck, processStayUp];
  return lists.some((list) => list !== undefined);
}

/** All processes as they are to be; undefined where no option touches them. `current` null: there are none yet. Error: `usage`. */
export function changeProcesses(options: ProcessOptions, current: WireSettings | null): NewProcess[] | undefined {
  if (!touchesProcesses(options)) return undefined;
  const processes = new Map<string, NewProcess>(current?.processes.map((one) => [one.name, one]));
  for (const [name, line] of pairs(options.process)) {
    if (line === '') processes.delete(name);
    else processes.set(name, { ...(processes.get(name) ?? limitsOf(current)), name, command: [...shellCommand(line)] });
  }
  const change = (list: readonly string[] | undefined, toChange: (value: string) => Partial<NewProcess>) => {
    for (const [name, value] of pairs(list)) processes.set(name, { ...known(processes, name), ...toChange(value) });
  };
  change(options.processReplicas, (value) => ({ replicas: parsed('--process-replicas', value, parseWhole) }));
  change(options.processCpu, (value) => ({ cpuCores: parsed('--process-cpu', value, parseNumber) }));
  change(options.processMemory, (value) => ({ memoryMb: parsed('--process-memory', value, parseMemory) }));
  change(options.processStayUp, (value) => ({ stayUpMs: parsed('--process-stay-up', value, parseDuration) }));
  for (const [name, line] of pairs(options.processCheck)) {
    const process = known(processes, name);
    const check = line === '' ? null : { ...process.check, command: [...shellCommand(line)] };
    processes.set(name, { ...process, check });
  }
  return [...processes.values()];
}

/** A new process has the limits of `web`. */
function limitsOf(current: WireSettings | null): Pick<NewProcess, 'cpuCores' | 'memoryMb'> {
  return given({ cpuCores: current?.cpuCores, memoryMb: current?.memoryMb });
}

function known(processes: ReadonlyMap<string, NewProcess>, name: string): NewProcess {
  const process = processes.get(name);
  if (name === 'web') {
    throw new CutoverError('usage', 'the rest of web are --replicas, --cpu, --memory and the health check');
  }
  if (process !== undefined) return process;
  throw new CutoverError('usage', `there is no process "${name}"; add it with --process '${name}=<command>'`);
}

function pairs(list: readonly string[] = []): readonly (readonly [name: string, value: string])[] {
  return list.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CutoverError('usage', `"${pair}" is not of the form name=value`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
}

function parsed<T>(option: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new CutoverError('usage', `${option}: "${text}" is not acceptable. ${error.message}`, { cause: error });
  }
}
