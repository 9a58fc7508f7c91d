import { command, converse, query, unavailable } from './cli-socket.ts';
import { slotNumber } from './names.ts';
import type { RouterPaths } from './options.ts';

/** One process of HAProxy that carries traffic: the current one, or an older one that lives until its last stream has ended. */
export interface Worker {
  readonly pid: number;
  readonly current: boolean;
  query(commands: readonly string[], signal: AbortSignal): Promise<string[]>;
  command(commands: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface MasterStatus {
  readonly current: number | null;
  readonly old: readonly number[];
}

/** The current worker is asked on its own socket, so that the usual case does not depend on the master. */
export function currentWorker(paths: RouterPaths, pid: number): Worker {
  return {
    pid,
    current: true,
    query: (commands, signal) => query(paths.socket, commands, signal),
    command: (commands, signal) => command(paths.socket, commands, signal),
  };
}

/** Slots that were added after its time do not exist there: commands that name one are left out. */
export function oldWorker(paths: RouterPaths, pid: number, capacity: number): Worker {
  const possible = (one: string) => [...one.matchAll(/slot(\d{4,})/g)].every((match) => Number(match[1]) <= capacity);
  const addressed = (commands: readonly string[]) => commands.map((one) => `@!${pid} ${one}`);
  return {
    pid,
    current: false,
    query: (commands, signal) => query(paths.masterSocket, addressed(commands), signal),
    command: (commands, signal) => command(paths.masterSocket, addressed(commands.filter(possible)), signal),
  };
}

/** Number of slots an old worker has. */
export async function readCapacity(paths: RouterPaths, pid: number, signal: AbortSignal): Promise<number> {
  const [text = ''] = await query(paths.masterSocket, [`@!${pid} show backend`], signal);
  return text.split('\n').reduce((highest, line) => Math.max(highest, slotNumber(line.trim()) ?? 0), 0);
}

export async function readMaster(paths: RouterPaths, signal: AbortSignal): Promise<MasterStatus> {
  return parseProcesses(await converse(paths.masterSocket, 'show proc', signal));
}

export function parseProcesses(text: string): MasterStatus {
  const [now = '', before = ''] = text.split('# old workers');
  return { current: workerPids(now)[0] ?? null, old: workerPids(before) };
}

function workerPids(text: string): number[] {
  return [...text.matchAll(/^(\d+)\s+worker\s/gm)].map((match) => Number(match[1]));
}

export interface ProcessInfo {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly pid: number;
}

export async function readInfo(paths: RouterPaths, signal: AbortSignal): Promise<ProcessInfo> {
  const [text = ''] = await query(paths.socket, ['show info'], signal);
  return parseInfo(text);
}

export function parseInfo(text: string): ProcessInfo {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  const pid = Number(field('Pid'));
  const version = field('Version');
  if (version === undefined || !Number.isInteger(pid))
    throw unavailable(`HAProxy's "show info" says "${text.slice(0, 200)}"`);
  return { version, pid, uptimeSeconds: Number(field('Uptime_sec')) };
}
