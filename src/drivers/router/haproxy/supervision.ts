import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CutoverError } from '../../../domain/errors.ts';
import { unavailable } from './cli-socket.ts';
import { errorCode } from './error-code.ts';
import type { HaproxyRouterOptions, RouterPaths } from './options.ts';

const stopLimitMs = 5_000;
const pollMs = 20;

/** Starts HAProxy under its supervisor, in a session of its own, so that it outlives this process and every signal to its group. */
export async function startSupervisor(options: HaproxyRouterOptions, paths: RouterPaths): Promise<void> {
  const master = ['-W', '-db', '-S', `${paths.masterSocket},mode,600`, '-f', paths.config];
  const args = ['haproxy', paths.pidFile, paths.log, options.haproxyBin, ...master];
  const child = spawn(options.supervisePath, args, { detached: true, stdio: 'ignore', cwd: paths.dir });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw unavailable(`${options.supervisePath} could not be started`, cause);
  }
  child.unref();
}

export async function supervisorRuns(paths: RouterPaths): Promise<boolean> {
  return (await supervisorPid(paths)) !== null;
}

/** Ends the supervisor and HAProxy; what is in flight is cut off. Nothing running is fine. */
export async function stopSupervisor(paths: RouterPaths, signal: AbortSignal): Promise<void> {
  const supervisor = await supervisorPid(paths);
  const master = await processId(`${paths.pidFile}.child`, paths.config);
  if (supervisor !== null) await end(supervisor, paths.pidFile, signal);
  if (master !== null) await end(master, paths.config, signal);
}

/** Errors: `router_unavailable` with HAProxy's own words. */
export async function checkConfig(
  options: HaproxyRouterOptions,
  paths: RouterPaths,
  signal: AbortSignal,
): Promise<void> {
  try {
    await promisify(execFile)(options.haproxyBin, ['-c', '-f', paths.config], { timeout: 10_000, signal });
  } catch (cause) {
    signal.throwIfAborted();
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    throw unavailable(`HAProxy does not accept its configuration: ${said === '' ? String(cause) : said}`, cause);
  }
}

/** Errors: `port_in_use`, naming the port. */
export async function checkPorts(binds: readonly string[]): Promise<void> {
  for (const bind of binds) {
    const { host, port } = parseBind(bind);
    const server = createServer();
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
    } catch (cause) {
      throw bindError(bind, port, cause);
    } finally {
      server.close();
    }
  }
}

export async function logTail(paths: RouterPaths): Promise<string> {
  const text = await readFile(paths.log, 'utf8').catch((error: unknown) => `(no log: ${errorCode(error)})`);
  return text.trim().split('\n').slice(-8).join('\n');
}

function parseBind(bind: string): { host: string; port: number } {
  const colon = bind.lastIndexOf(':');
  const host = bind.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host: host === '*' || host === '' ? '0.0.0.0' : host, port: Number(bind.slice(colon + 1)) };
}

function bindError(bind: string, port: number, cause: unknown): CutoverError {
  const code = errorCode(cause);
  if (code === 'EADDRINUSE')
    return new CutoverError('port_in_use', `port ${port} (${bind}) is in use by another process`, { cause });
  return unavailable(`the router cannot listen on ${bind}: ${code}`, cause);
}

function supervisorPid(paths: RouterPaths): Promise<number | null> {
  return processId(paths.pidFile, paths.pidFile);
}

/** null unless the process of the file is alive and has `argument` in its command line, so that a reused id is never signalled. */
async function processId(pidFile: string, argument: string): Promise<number | null> {
  const text = await textOf(pidFile);
  const pid = Number(text.trim().split(' ')[0]);
  return text !== '' && (await hasArgument(pid, argument)) ? pid : null;
}

async function hasArgument(pid: number, argument: string): Promise<boolean> {
  return (await textOf(`/proc/${pid}/cmdline`)).split('\0').includes(argument);
}

/** Empty for a file that is not there, or of a process that has ended. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}

async function end(pid: number, argument: string, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  let sent = false;
  while (await hasArgument(pid, argument)) {
    const late = performance.now() - started > stopLimitMs;
    if (!sent || late) kill(pid, late ? 'SIGKILL' : 'SIGTERM');
    sent = true;
    await sleep(pollMs, undefined, { signal });
  }
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
