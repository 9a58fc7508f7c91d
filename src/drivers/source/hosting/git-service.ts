import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { GitFailure } from '../git/git-failure.ts';
import { roomOrEnd } from '../../incoming/room-or-end.ts';
import { progressLines } from '../git/progress-lines.ts';

export interface GitServiceRun<T> {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads its answer; what it resolves to is the result. */
  readonly read: (output: AsyncIterable<Uint8Array>) => Promise<T>;
  readonly signal: AbortSignal;
}

const termGraceMs = 200;
const keptLines = 20;

/**
 * Runs Git between a caller's request and its answer, in a process group of its own that an abort ends. A request that Git does not
 * read to its end is read all the same, so that the caller gets to hear why. Errors: the signal's reason, `GitFailure`, those of `read`
 * and of the request.
 */
export async function serveGit<T>({ args, environment, body, read, signal }: GitServiceRun<T>): Promise<T> {
  signal.throwIfAborted();
  const child = spawn('git', args, { env: environment, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const progress = progressLines((line) => lines.push(line) > keptLines && lines.shift());
  child.stderr.setEncoding('utf8').on('data', progress.push);
  using guard = endOnAbort(child, signal);
  const answered = read(child.stdout).catch((error: unknown) => {
    kill(child, 'SIGKILL');
    throw error;
  });
  // Git would wait for the rest.
  const feeding = feed(body, child.stdin).catch((error: unknown) => {
    guard.end();
    throw error;
  });
  const [fed, answer, closed] = await Promise.allSettled([feeding, answered, exitOf(child)]);
  signal.throwIfAborted();
  if (closed.status === 'rejected') throw closed.reason;
  if (fed.status === 'rejected') throw fed.reason;
  const exitCode = closed.value;
  if (answer.status === 'rejected') {
    if (exitCode !== 0 && lines.length > 0) throw new GitFailure(exitCode, lines);
    throw answer.reason;
  }
  if (exitCode !== 0) throw new GitFailure(exitCode, lines);
  return answer.value;
}

/** null: it was killed. */
function exitOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<number | null> {
  const over = Promise.withResolvers<number | null>();
  child.once('error', over.reject);
  child.once('close', (code: number | null) => over.resolve(code));
  return over.promise;
}

async function feed(body: AsyncIterable<Uint8Array>, stdin: Writable): Promise<void> {
  let open = true;
  // Git ended before it had read everything: its exit code says whether that was right.
  stdin.on('error', () => (open = false)).on('close', () => (open = false));
  for await (const chunk of body) {
    if (!open || stdin.write(chunk)) continue;
    await roomOrEnd(stdin);
  }
  stdin.end();
}

interface Guard extends Disposable {
  /** Git may remove what it has begun; a moment later it is killed. */
  end(): void;
}

function endOnAbort(child: ChildProcessByStdio<Writable, Readable, Readable>, signal: AbortSignal): Guard {
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    kill(child, 'SIGTERM');
    timer ??= setTimeout(() => kill(child, 'SIGKILL'), termGraceMs);
  };
  signal.addEventListener('abort', end, { once: true });
  return {
    end,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', end);
      clearTimeout(timer);
    },
  };
}

function kill({ pid }: ChildProcessByStdio<Writable, Readable, Readable>, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
