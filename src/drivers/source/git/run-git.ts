import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CutoverError } from '../../../domain/errors.ts';
import { GitFailure } from './git-failure.ts';
import { progressLines } from './progress-lines.ts';

export interface GitRun {
  /** Default: `git`. */
  readonly program?: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Left out of everything that Git says on standard error. */
  readonly secrets?: readonly string[];
  /** What Git says on standard error, redraws left out. */
  readonly onLine?: (line: string) => void;
  /** Gets standard output instead of the result, as it comes. What it throws ends Git, and is thrown. */
  readonly onOutput?: (text: string) => void;
}

type GitProcess = ChildProcessByStdio<null, Readable, Readable>;

/** How long Git may take to remove its temporary files after SIGTERM. An abort is over within half a second. */
const termGraceMs = 200;
const maxOutput = 1024 * 1024;
const keptLines = 100;

/**
 * Runs Git in a process group of its own and resolves to its standard output. An abort or the timeout ends the whole group.
 * Errors: the signal's reason, `GitFailure`, `internal` when there is no git.
 */
export function runGit(run: GitRun): Promise<string> {
  run.signal.throwIfAborted();
  const child = spawn(run.program ?? 'git', run.args, {
    env: run.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const progress = progressLines((said) => {
    const line = without(run.secrets ?? [], said);
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    run.onLine?.(line);
  });
  let output = '';
  const keep = (text: string) => (output = (output + text).slice(0, maxOutput));
  child.stderr.setEncoding('utf8').on('data', progress.push);
  return new Promise((resolve, reject) => {
    const guard = guardProcess(child, run);
    child.stdout.setEncoding('utf8').on('data', guard.unlessEnded(run.onOutput ?? keep));
    child.once('error', (cause) => {
      guard.disarm();
      reject(notRun(run.program ?? 'git', cause));
    });
    child.once('close', (exitCode) => {
      guard.disarm();
      progress.end();
      if (run.signal.aborted) reject(run.signal.reason);
      else if (guard.refusal() !== null) reject(guard.refusal());
      else if (exitCode === 0) resolve(output);
      else reject(new GitFailure(exitCode, lines, guard.timedOut()));
    });
  });
}

/** A server may say what it was shown. */
function without(secrets: readonly string[], line: string): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, '••••••'), line);
}

function notRun(program: string, cause: Error): CutoverError {
  if (program !== 'git' && 'code' in cause && cause.code === 'ENOENT')
    return new CutoverError('lfs_missing', 'Git LFS is asked for, and not installed.', { cause });
  return new CutoverError('internal', `${program} could not be run: ${cause.message}`, { cause });
}

function guardProcess(child: GitProcess, { signal, timeoutMs }: GitRun) {
  let timedOut = false;
  let refusal: Error | null = null;
  let killTimer: NodeJS.Timeout | undefined;
  const end = () => {
    killGroup(child, 'SIGTERM');
    killTimer ??= setTimeout(() => killGroup(child, 'SIGKILL'), termGraceMs);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  return {
    timedOut: () => timedOut,
    refusal: () => refusal,
    /** Nothing is read any more when reading has thrown. */
    unlessEnded: (read: (text: string) => void) => (text: string) => {
      if (refusal !== null) return;
      try {
        read(text);
      } catch (error) {
        refusal = error instanceof Error ? error : new Error(String(error));
        end();
      }
    },
    disarm: () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      signal.removeEventListener('abort', end);
    },
  };
}

function killGroup(child: GitProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!gone) throw error;
  }
}
