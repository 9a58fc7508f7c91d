import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import { CutoverError } from '../../../domain/errors.ts';
import type { OutputChunk, OutputPosition } from '../../../engine/ports/runtime.ts';
import { isRefusal } from './engine-connection.ts';
import { readLogFrames } from './log-frames.ts';
import { LogLines } from './log-lines.ts';
import { ResumePoint } from './resume-point.ts';
import type { InstanceHome } from './start.ts';

const openTimeoutMs = 15_000;
/** Docker ends the stream whenever the container stops; one that is restarted goes on after its pause. */
const reopenDelayMs = 200;
/** How long a container that Docker is to restart may look stopped. */
const restartLimit = 10;

/**
 * Follows the log until the container is gone or stays exited. The last read always begins after the exit, so that nothing
 * printed on the way out is missed. Pull-based: a slow reader makes Docker wait. Throws the signal's reason when aborted.
 */
export async function* readOutput(
  home: InstanceHome,
  request: { readonly instanceId: string; readonly since: OutputPosition | null },
  signal: AbortSignal,
): AsyncGenerator<OutputChunk> {
  let position = request.since;
  for (let idleRounds = 0; ; idleRounds += 1) {
    const container = await home.containers.find(request.instanceId, signal);
    if (container === null) return;
    for await (const chunk of readOnce(home, { container, position }, signal)) {
      position = chunk.position;
      idleRounds = 0;
      yield chunk;
    }
    if (isOver(container, idleRounds)) return;
    await sleep(reopenDelayMs, undefined, { signal });
  }
}

function isOver(container: ContainerInspectInfo, idleRounds: number): boolean {
  const { State: state, HostConfig: config } = container;
  if (state.Running || state.Restarting || state.Status === 'created') return false;
  return config.RestartPolicy?.Name === 'unless-stopped' ? idleRounds >= restartLimit : true;
}

async function* readOnce(
  home: InstanceHome,
  from: { readonly container: ContainerInspectInfo; readonly position: OutputPosition | null },
  signal: AbortSignal,
): AsyncGenerator<OutputChunk> {
  const resume = new ResumePoint(from.position);
  const lines = new LogLines();
  // Ends the request when the reader leaves early.
  const left = new AbortController();
  try {
    const source = await open(
      home,
      { containerId: from.container.Id, since: resume.sinceSeconds() },
      AbortSignal.any([signal, left.signal]),
    );
    if (source === null) return;
    for await (const frame of readLogFrames(source)) {
      const chunk = lines.take(frame);
      if (chunk !== null && resume.isAfter(chunk.position)) yield chunk;
    }
    for (const chunk of lines.rest()) if (resume.isAfter(chunk.position)) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CutoverError
      ? error
      : new CutoverError('runtime_unavailable', `the output of a container broke off: ${String(error)}`, {
          cause: error,
        });
  } finally {
    left.abort();
  }
}

/** null when the container is gone. */
async function open(
  home: InstanceHome,
  request: { readonly containerId: string; readonly since: number },
  signal: AbortSignal,
): Promise<AsyncIterable<string | Buffer> | null> {
  try {
    // The deadline is for the headers; the signal given to the request lives as long as the stream.
    return await home.engine.call(
      { what: 'read the output of a container', timeoutMs: openTimeoutMs },
      signal,
      (docker) =>
        docker.getContainer(request.containerId).logs({
          follow: true,
          stdout: true,
          stderr: true,
          timestamps: true,
          since: request.since,
          abortSignal: signal,
        }),
    );
  } catch (error) {
    // 409: marked for removal.
    if (isRefusal(error, 404, 409)) return null;
    throw error;
  }
}
