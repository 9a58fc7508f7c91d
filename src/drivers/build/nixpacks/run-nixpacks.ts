import { spawn } from 'node:child_process';
import { CutoverError } from '../../../domain/errors.ts';

export interface NixpacksRun {
  readonly binary: string;
  readonly args: readonly string[];
  /** An empty directory of its own. */
  readonly home: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const keptLines = 20;
const termGraceMs = 200;
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Runs Nixpacks in a process group of its own, with an environment of its own; resolves to the end of what it said. An abort or the
 * timeout ends the whole group. Errors: the signal's reason, `nixpacks_missing`, `nixpacks_failed`.
 */
export function runNixpacks({ binary, args, home, timeoutMs, signal }: NixpacksRun): Promise<readonly string[]> {
  signal.throwIfAborted();
  const env = { PATH: path, HOME: home, TMPDIR: home, LC_ALL: 'C.UTF-8', NO_COLOR: '1', CI: 'true' };
  const child = spawn(binary, args, { env, cwd: home, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said: string[] = [];
  const listen = (text: string) => {
    said = [...said, ...text.split('\n').filter((line) => line.trim() !== '')].slice(-keptLines);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', listen);
  const limit = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, limit]);
  return new Promise((resolve, reject) => {
    const end = () => {
      killGroup(child.pid, 'SIGTERM');
      setTimeout(() => killGroup(child.pid, 'SIGKILL'), termGraceMs).unref();
    };
    over.addEventListener('abort', end, { once: true });
    child.once('error', (cause) => reject(notRun(binary, cause)));
    child.once('close', (code) => {
      over.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else if (limit.aborted) reject(failed(`it took longer than ${timeoutMs / 1_000} s`));
      else if (code === 0) resolve(said);
      else reject(failed(said.slice(-5).join(' / ') || `it ended with ${code} and said nothing`));
    });
  });
}

function missing(binary: string, cause: Error): CutoverError {
  const message = `the builder of the project is Nixpacks, and there is no \`${binary}\` on the platform`;
  return new CutoverError('nixpacks_missing', message, { cause });
}

export function failed(message: string, cause?: unknown): CutoverError {
  return new CutoverError('nixpacks_failed', `Nixpacks made no plan: ${message}`, { cause });
}

function notRun(binary: string, cause: Error): CutoverError {
  const isAbsent = 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'EACCES');
  return isAbsent ? missing(binary, cause) : failed(cause.message, cause);
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!gone) throw error;
  }
}
