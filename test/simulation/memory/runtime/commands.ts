import { CutoverError } from '../../../../src/domain/errors.ts';
import type { ExecRequest, ExecResult } from '../../../../src/engine/ports/runtime.ts';
import type { Clock } from '../../../../src/engine/ports/clock.ts';
import { spoken, type CommandBehaviour } from '../app-behaviour.ts';
import { killedCode, type Containers } from './containers.ts';
import type { Container } from './container.ts';
import type { Volumes } from './volumes.ts';

const keptCharacters = 2_000;
/** What a shell says where there is no such program. */
const noSuchProgram = 127;

interface Home {
  readonly containers: Containers;
  readonly volumes: Volumes;
  readonly clock: Clock;
}

/** What a command that has ended leaves. */
interface Effect {
  readonly exitCode: number;
  readonly output: string;
}

/** See `Runtime.exec`. */
export async function runCommand(home: Home, request: ExecRequest, signal: AbortSignal): Promise<ExecResult> {
  const { instanceId, command, timeoutMs } = request;
  const container = home.containers.find(instanceId);
  if (container === null || !container.isRunning) {
    throw new CutoverError('not_found', `instance ${instanceId} does not run`);
  }
  const behaviour = container.behaviour.commands[command[0] ?? ''];
  if (behaviour === undefined) return { exitCode: noSuchProgram, output: `${command[0]}: not found` };
  const line = [...command];
  container.commands.add(line);
  const { exitCode, output } = effectOf(home, container, behaviour);
  try {
    const ended = await untilEnded(home.clock, { container, behaviour, timeoutMs }, signal);
    return { exitCode: ended === 'by-itself' ? exitCode : ended === 'killed' ? killedCode : null, output };
  } finally {
    container.commands.delete(line);
  }
}

const ended = new Error('the command has ended');

type CommandEnd = 'by-itself' | 'killed' | 'too-long';

async function untilEnded(
  clock: Clock,
  running: { readonly container: Container; readonly behaviour: CommandBehaviour; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<CommandEnd> {
  const { container, timeoutMs } = running;
  const afterMs = running.behaviour.afterMs ?? Infinity;
  if (afterMs === 0 && timeoutMs > 0) return 'by-itself';
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const timely = afterMs <= timeoutMs;
  try {
    const slept = clock
      .sleep(Math.min(afterMs, timeoutMs), either)
      .then((): CommandEnd => (timely ? 'by-itself' : 'too-long'));
    return await Promise.race([slept, untilExited(container, either)]);
  } finally {
    over.abort(ended);
  }
}

async function untilExited(container: Container, signal: AbortSignal): Promise<CommandEnd> {
  const { generation } = container;
  while (container.isRunning && container.generation === generation) await container.changed.wait(signal);
  return 'killed';
}

function effectOf({ volumes }: Home, { spec, commands }: Container, behaviour: CommandBehaviour): Effect {
  const { writes, reads } = behaviour;
  if (writes !== undefined && !volumes.write(spec, writes.path, writes.text))
    return { exitCode: 1, output: 'read-only' };
  if (reads !== undefined) {
    const text = volumes.read(spec, reads);
    return text === null ? { exitCode: 1, output: `${reads}: not found` } : { exitCode: 0, output: text };
  }
  if (behaviour.printsProcesses === true) {
    const lines = [spec.command ?? [], ...commands].map((words) => words.join(' '));
    return { exitCode: behaviour.exitCode, output: lines.join('\n').slice(0, keptCharacters) };
  }
  const printed = spoken(behaviour.prints ?? '', spec.variables);
  return { exitCode: behaviour.exitCode, output: printed.slice(0, keptCharacters) };
}
