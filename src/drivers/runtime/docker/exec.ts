import { setTimeout as sleep } from 'node:timers/promises';
import type { Exec } from 'dockerode';
import { CutoverError } from '../../../domain/errors.ts';
import type { OperatorLog } from '../../../engine/ports/ports.ts';
import type { ExecRequest, ExecResult } from '../../../engine/ports/runtime.ts';
import { endCommand } from './end-command.ts';
import { isRefusal } from './engine-connection.ts';
import { OutputStart } from './exec-output.ts';
import { readLogFrames } from './log-frames.ts';
import type { InstanceHome } from './start.ts';

const callTimeoutMs = 15_000;
/** Between looks at a command that prints no more but has not ended. */
const firstPauseMs = 20;
const longestPauseMs = 500;
/** A command that prints without end is read at 25 MB a second at most, so that it cannot take the control plane's time. */
const pauseAfterBytes = 512 * 1024;
const readingPauseMs = 20;
/** Ending what nobody waits for any more holds up the caller no longer than this. */
const endLimitMs = 2_000;

interface ExecHome extends InstanceHome {
  readonly log: OperatorLog;
}

/** One command in one container, as Docker knows it. */
interface Command {
  readonly instanceId: string;
  readonly exec: Exec;
  /** Of process 1 of the container, in the machine's numbering. */
  readonly containerPid: number;
}

/**
 * A command that cannot be started is an exit code too (126 or 127), with Docker's words as the output. One that takes too long,
 * or whose caller gives up, is killed with everything it started in its own process group.
 */
export async function execInInstance(home: ExecHome, request: ExecRequest, signal: AbortSignal): Promise<ExecResult> {
  const command = await create(home, request, signal);
  const deadline = AbortSignal.timeout(request.timeoutMs);
  const output = new OutputStart();
  try {
    const exitCode = await run(home, { ...command, output }, AbortSignal.any([signal, deadline]));
    return { exitCode, output: output.text() };
  } catch (error) {
    if (!signal.aborted && !deadline.aborted) throw broken(command.instanceId, error);
    await giveUp(home, command);
    signal.throwIfAborted();
    return { exitCode: null, output: output.text() };
  }
}

async function create(home: ExecHome, request: ExecRequest, signal: AbortSignal): Promise<Command> {
  const { instanceId, command } = request;
  const container = await home.containers.find(instanceId, signal);
  if (container === null) throw notRunning(instanceId);
  try {
    const exec = await home.engine.call(
      { what: 'prepare a command', timeoutMs: callTimeoutMs },
      signal,
      (docker, abortSignal) =>
        docker
          .getContainer(container.Id)
          .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true, abortSignal }),
    );
    return { instanceId, exec, containerPid: container.State.Pid };
  } catch (error) {
    // 409: stopped, or waiting for its restart.
    if (isRefusal(error, 404, 409)) throw notRunning(instanceId, error);
    if (isRefusal(error, 400)) throw new CutoverError('invalid_input', error.said, { cause: error });
    throw error;
  }
}

async function run(
  home: ExecHome,
  { exec, output }: Command & { readonly output: OutputStart },
  signal: AbortSignal,
): Promise<number> {
  // The deadline is for the headers; the signal given to the request lives as long as the stream.
  const stream = await home.engine.call({ what: 'run a command', timeoutMs: callTimeoutMs }, signal, () =>
    exec.start({ Detach: false, Tty: false, abortSignal: signal }),
  );
  await readAll(stream, output, signal);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const code = await home.engine.call({ what: 'inspect a command', timeoutMs: callTimeoutMs }, signal, () =>
      exec.inspect({ abortSignal: signal }),
    );
    if (!code.Running && code.ExitCode !== null) return code.ExitCode;
    // It has closed its outputs and works on, or the connection broke.
    await sleep(pauseMs, undefined, { signal });
  }
}

/** To the end, whatever is kept of it: a command whose output nobody takes stands still. */
async function readAll(
  stream: AsyncIterable<string | Buffer>,
  output: OutputStart,
  signal: AbortSignal,
): Promise<void> {
  let sincePause = 0;
  for await (const frame of readLogFrames(stream)) {
    output.take(frame);
    sincePause += frame.payload.length;
    if (sincePause < pauseAfterBytes) continue;
    sincePause = 0;
    await sleep(readingPauseMs, undefined, { signal });
  }
}

async function giveUp(home: ExecHome, { exec, containerPid, instanceId }: Command): Promise<void> {
  try {
    await endCommand(home.engine, { exec, containerPid }, AbortSignal.timeout(endLimitMs));
  } catch (error) {
    home.log.warn({ error: String(error), instanceId }, 'a command that nobody waits for any more could not be ended');
  }
}

function broken(instanceId: string, error: unknown): CutoverError {
  // It went away, or stopped, while the command ran.
  if (isRefusal(error, 404, 409)) return notRunning(instanceId, error);
  return error instanceof CutoverError
    ? error
    : new CutoverError('runtime_unavailable', `the output of a command broke off: ${String(error)}`, { cause: error });
}

function notRunning(instanceId: string, cause?: unknown): CutoverError {
  return new CutoverError('not_found', `instance ${instanceId} does not run`, { cause });
}
