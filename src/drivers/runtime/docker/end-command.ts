import { readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exec } from 'dockerode';
import type { EngineConnection } from './engine-connection.ts';

const callTimeoutMs = 2_000;
const intervalMs = 20;

interface RunningCommand {
  readonly exec: Exec;
  readonly containerPid: number;
}

/**
 * Kills a command that Docker runs in a container; Docker itself has no call for it. Resolves when Docker says that it runs no
 * more. Only for an engine on this machine: elsewhere its process ids would mean nothing here.
 */
export async function endCommand(
  engine: EngineConnection,
  command: RunningCommand,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { Running: running, Pid: pid } = await engine.call(
      { what: 'inspect a command', timeoutMs: callTimeoutMs },
      signal,
      () => command.exec.inspect({ abortSignal: signal }),
    );
    if (!running) return;
    // 0: not started yet.
    if (pid > 0 && (await isIn(pid, command.containerPid))) await kill(pid);
    await sleep(intervalMs, undefined, { signal });
  }
}

/** Whether a process belongs to the container, so that an id that was given to somebody else meanwhile is left alone. */
async function isIn(pid: number, containerPid: number): Promise<boolean> {
  const [namespace, containers] = await Promise.all([pidNamespace(pid), pidNamespace(containerPid)]);
  return namespace !== null && namespace === containers;
}

function pidNamespace(pid: number): Promise<string | null> {
  return unlessGone(readlink(`/proc/${pid}/ns/pid`));
}

/** With what it started, where it leads a process group of its own, as commands of Docker do. */
async function kill(pid: number): Promise<void> {
  const stat = await unlessGone(readFile(`/proc/${pid}/stat`, 'latin1'));
  if (stat === null) return;
  try {
    process.kill(processGroup(stat) === pid ? -pid : pid, 'SIGKILL');
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** `123 (name) S parent group …`; the name may hold spaces and parentheses. */
function processGroup(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

/** null when the process is gone. */
async function unlessGone(read: Promise<string>): Promise<string | null> {
  try {
    return await read;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
