import { command, converse, query, unavailable } from './cli-socket.ts';
import type { RouterPaths } from './options.ts';

/** One process of HAProxy that carries traffic: the current one, or an older one that lives until its last stream has ended. */
export interface Worker {
  readonly pid: number;
  /** It takes no visitors any more, passes what they ask on connections of before to its successor, and refuses to change its servers. */
  readonly old: boolean;
  /** It is asked through the master, and nobody else can answer. */
  readonly addressed: boolean;
  query(commands: readonly string[], signal: AbortSignal): Promise<string[]>;
  command(commands: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface MasterStatus {
  readonly current: number | null;
  readonly old: readonly number[];
}

/**
 * Asked on the socket that workers hand on: where there is but one, it is the fastest way. While one takes over from another, either may
 * answer there.
 */
export function currentWorker(paths: RouterPaths, pid: number): Worker {
  return {
    pid,
    old: false,
    addressed: false,
    query: (commands, signal) => query(paths.socket, commands, signal),
    command: (commands, signal) => command(paths.socket, commands, signal),
  };
}

/** Asked through the master. An old one is only told what is in maps: who waits there for a route to be held no longer needs that. */
export function addressedWorker(paths: RouterPaths, pid: number, old = true): Worker {
  const addressed = (commands: readonly string[]) => commands.map((one) => `@!${pid} ${one}`);
  return {
    pid,
    old,
    addressed: true,
    query: async (commands, signal) => {
      const answers = await query(paths.masterSocket, addressed(commands), signal);
      const unreached = answers.find((answer) => /^Can't (find|connect to) the target/.test(answer));
      if (unreached !== undefined) throw unavailable(`HAProxy's master says "${unreached}"`);
      return answers;
    },
    command: (commands, signal) => {
      const possible = old ? commands.filter((one) => /^(add|set|del) map /.test(one)) : commands;
      return command(paths.masterSocket, addressed(possible), signal);
    },
  };
}

export async function readMaster(paths: RouterPaths, signal: AbortSignal): Promise<MasterStatus> {
  return parseProcesses(await converse(paths.masterSocket, 'show proc', signal));
}

/** After a reload that failed the master calls all of them old, and the newest one goes on. */
export function parseProcesses(text: string): MasterStatus {
  const workers = [...text.matchAll(/^(\d+)\s+worker\s+(\d+)/gm)];
  const [current = null, ...old] = workers
    .toSorted((a, b) => Number(a[2]) - Number(b[2]))
    .map(([, pid]) => Number(pid));
  return { current, old };
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
