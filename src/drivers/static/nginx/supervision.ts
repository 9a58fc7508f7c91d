import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CutoverError } from '../../../domain/errors.ts';

const patienceMs = 5_000;
const pollMs = 20;

export interface SupervisionOptions {
  readonly supervisePath: string;
  /** Holds the supervisor's id; `.child` beside it the id and start time of nginx. Its directory is where nginx runs. */
  readonly pidFile: string;
  readonly logFile: string;
  readonly command: readonly string[];
}

/** nginx and its supervisor as processes: in a session of their own, so that they outlive this one and every signal to its group. */
export class Supervision {
  readonly #options: SupervisionOptions;

  constructor(options: SupervisionOptions) {
    this.#options = options;
  }

  async runs(): Promise<boolean> {
    return (await this.#supervisor()) !== null;
  }

  /** A supervisor that finds nginx running watches it. Error: `static_server_unavailable`. */
  async start(): Promise<void> {
    const { supervisePath, pidFile, logFile, command } = this.#options;
    const args = ['nginx', pidFile, logFile, ...command];
    const child = spawn(supervisePath, args, { detached: true, stdio: 'ignore', cwd: dirname(pidFile) });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new CutoverError('static_server_unavailable', `${supervisePath} could not be started`, { cause });
    }
    child.unref();
  }

  async reload(): Promise<void> {
    const master = await this.#master();
    if (master !== null) kill(master, 'SIGHUP');
  }

  /** Ends both; what is in flight is cut off. */
  async stop(signal: AbortSignal): Promise<void> {
    await end(() => this.#supervisor(), signal);
    await end(() => this.#master(), signal);
  }

  /** null unless the process has our file in its command line, so that one that got the id later is never signalled. */
  async #supervisor(): Promise<number | null> {
    const { pidFile } = this.#options;
    const pid = Number((await textOf(pidFile)).trim());
    if (!(pid > 1)) return null;
    return (await textOf(`/proc/${pid}/cmdline`)).split('\0').includes(pidFile) ? pid : null;
  }

  /** nginx overwrites its command line, so it is known by the time it started. */
  async #master(): Promise<number | null> {
    const [pid = '', started = ''] = (await textOf(`${this.#options.pidFile}.child`)).trim().split(' ');
    if (!/^\d+$/.test(pid) || started === '') return null;
    // What follows the name in parentheses: the state is the first field, the start time the twentieth.
    const fields = (await textOf(`/proc/${pid}/stat`)).replace(/^.*\) /s, '').split(' ');
    return fields[0] !== 'Z' && fields[19] === started ? Number(pid) : null;
  }
}

/** Asks politely, and after a while not. */
async function end(running: () => Promise<number | null>, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  let asked = false;
  for (let pid = await running(); pid !== null; pid = await running()) {
    const late = performance.now() - began > patienceMs;
    if (!asked || late) kill(pid, late ? 'SIGKILL' : 'SIGTERM');
    asked = true;
    await delay(pollMs, undefined, { signal });
  }
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

/** Empty for a file that is not there, or of a process that has ended. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ESRCH')) return '';
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
