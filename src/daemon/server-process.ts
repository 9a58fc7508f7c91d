import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CutoverError, errorCodes } from '../domain/errors.ts';
import {
  openDataDirectory,
  readServerState,
  refuseHalfRestored,
  type DataDirectory,
  type RunningServer,
} from './data-directory.ts';
import type { Config } from './config.ts';
import { toEnvironment, type EnvironmentVariables } from './environment-variables.ts';

const startLimitMs = 60_000;
const stopLimitMs = 15_000;
const pollMs = 50;
const largestLogBytes = 20_000_000;
const lastLines = 15;

/** The line with which a control plane that cannot run takes its leave. */
const failureLine = z.object({ code: z.enum(errorCodes), error: z.string() });

/**
 * V8 left to itself puts off collecting while much passes through: a flood of log lines then moves memory by more than 100 MB. With
 * these it is about 35 MB, without a limit that could be run into. `--optimize-for-size` would save another 20 MB, and costs two thirds
 * more processor time for a deployment.
 */
export const runtimeFlags = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=4',
  '--heap-growing-percent=20',
];

const entry = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './server-main.ts' : './server-main.js', import.meta.url),
);

export interface StartedServer extends RunningServer {
  /** False: it ran already. */
  readonly started: boolean;
}

/** The control plane that runs on this data directory; null when none does. */
export async function findServer(directory: DataDirectory): Promise<RunningServer | null> {
  const state = await readServerState(directory);
  return state !== null && (await isControlPlane(state.pid)) ? state : null;
}

/**
 * Starts a control plane in the background, in a process group of its own, and waits until it answers. Where somebody else starts
 * one on this data directory at the same time, that one is waited for.
 */
export async function startServer(config: Config, variables: EnvironmentVariables): Promise<StartedServer> {
  const directory = await openDataDirectory(config.dataDir, config.platformId);
  await refuseHalfRestored(directory);
  const running = await findServer(directory);
  if (running !== null) return { ...running, started: false };
  await rotate(directory.serverLog);
  await using log = await open(directory.serverLog, 'a', 0o640);
  const { size: saidBefore } = await log.stat();
  const child = launch(log, toEnvironment({ ...variables, dataDir: config.dataDir }));
  const exited = new AbortController();
  child.on('exit', () => exited.abort());
  child.on('error', () => exited.abort());
  const ready = await untilReady(directory, exited.signal);
  if (ready !== null && ready.pid === child.pid) return { ...ready, started: true };
  child.kill('SIGTERM');
  if (ready !== null) return { ...ready, started: false };
  throw await startFailure(directory.serverLog, saidBefore, exited.signal.aborted);
}

function launch(log: FileHandle, env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [...runtimeFlags, entry], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env,
  });
  child.unref();
  return child;
}

/** The control plane that answers on this data directory, whoever started it; null when ours exited, or at the limit. */
async function untilReady(directory: DataDirectory, exited: AbortSignal): Promise<RunningServer | null> {
  const deadline = performance.now() + startLimitMs;
  while (performance.now() < deadline) {
    // Asked first, so that one that became ready before ours gave up is still seen.
    const gone = exited.aborted;
    const state = await findServer(directory);
    if (state !== null && (await answers(state))) return state;
    if (gone) return null;
    await sleep(pollMs);
  }
  return null;
}

/** Ends the control plane; traffic goes on. Resolves to false when none ran. */
export async function stopServer(directory: DataDirectory): Promise<boolean> {
  const running = await findServer(directory);
  if (running === null) return false;
  process.kill(running.pid, 'SIGTERM');
  const deadline = performance.now() + stopLimitMs;
  while (await isControlPlane(running.pid)) {
    if (performance.now() > deadline) process.kill(running.pid, 'SIGKILL');
    await sleep(pollMs);
  }
  return true;
}

/** Guards against a process id that the system has given to somebody else since. */
async function isControlPlane(pid: number): Promise<boolean> {
  try {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes('server-main');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return false;
    throw error;
  }
}

async function answers({ apiPort }: RunningServer): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${apiPort}/api/healthz`, { signal: AbortSignal.timeout(1_000) });
    return response.ok;
  } catch {
    // Not yet: the caller looks again until its limit.
    return false;
  }
}

/** What the control plane said in this start, with the code of its own error where it gave one. */
async function startFailure(log: string, saidBefore: number, exited: boolean): Promise<CutoverError> {
  const said = (await readFile(log)).subarray(saidBefore).toString();
  const lines = said.trim().split('\n').slice(-lastLines);
  const failure = lines.flatMap(parseLine).at(-1);
  if (failure !== undefined) return new CutoverError(failure.code, failure.error);
  const what = exited
    ? 'the control plane exited while it started'
    : `the control plane did not answer within ${startLimitMs / 1000} s`;
  return new CutoverError('internal', `${what}; the end of ${log}:\n${lines.join('\n')}`);
}

function parseLine(line: string): z.output<typeof failureLine>[] {
  if (!line.startsWith('{')) return [];
  const parsed = failureLine.safeParse(JSON.parse(line));
  return parsed.success ? [parsed.data] : [];
}

async function rotate(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > largestLogBytes) await rename(path, `${path}.1`);
}
