import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { CutoverError } from '../../../domain/errors.ts';
import { GitFailure } from './git-failure.ts';
import { progressLines } from './progress-lines.ts';

export interface GitRun {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What Git says on standard error, redraws left out. */
  readonly onLine?: (line: string) => void;
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
  const child = spawn('git', run.args, { env: run.environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const progress = progressLines((line) => {
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    run.onLine?.(line);
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(0, maxOutput)));
  child.stderr.setEncoding('utf8').on('data', progress.push);
  return new Promise((resolve, reject) => {
    const guard = guardProcess(child, run);
    child.once('error', (cause) => {
      guard.disarm();
      reject(new CutoverError('internal', `git could not be run: ${cause.message}`, { cause }));
    });
    child.once('close', (exitCode) => {
      guard.disarm();
      progress.end();
      if (run.signal.aborted) reject(run.signal.reason);
      else if (exitCode === 0) resolve(output);
      else reject(new GitFailure(exitCode, lines, guard.timedOut()));
    });
  });
}

function guardProcess(child: GitProcess, { signal, timeoutMs }: GitRun) {
  let timedOut = false;
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
