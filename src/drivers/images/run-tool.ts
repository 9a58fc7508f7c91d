import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { CutoverError } from '../../domain/errors.ts';

export interface ToolRun {
  readonly cwd: string;
  readonly signal: AbortSignal;
}

const toolTimeoutMs = 180_000;
/** Enough of a tool's last words to act on. */
const keptErrorCharacters = 2_000;

/** Runs a tool and returns its standard output. Errors: `base_image_failed`, naming the tool and its last lines. */
export async function runTool(file: string, args: readonly string[], run: ToolRun): Promise<string> {
  const child = start(file, args, run, ['ignore', 'pipe', 'pipe']);
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  await finished(file, child);
  return Buffer.concat(output).toString();
}

/** `first | second`, both of which must succeed. Errors: `base_image_failed`. */
export async function pipeTools(
  first: readonly [string, ...string[]],
  second: readonly [string, ...string[]],
  run: ToolRun,
): Promise<void> {
  const consumer = start(second[0], second.slice(1), run, ['pipe', 'ignore', 'pipe']);
  const producer = start(first[0], first.slice(1), run, ['ignore', 'pipe', 'pipe']);
  if (producer.stdout !== null && consumer.stdin !== null) {
    // A consumer that ends early closes the pipe: its own exit code tells the story.
    consumer.stdin.on('error', () => producer.stdout?.destroy());
    producer.stdout.pipe(consumer.stdin);
  }
  const [produced, consumed] = await Promise.allSettled([finished(first[0], producer), finished(second[0], consumer)]);
  for (const result of [produced, consumed]) if (result.status === 'rejected') throw result.reason;
}

function start(file: string, args: readonly string[], run: ToolRun, stdio: StdioOptions): ChildProcess {
  return spawn(file, args, {
    cwd: run.cwd,
    stdio,
    signal: AbortSignal.any([run.signal, AbortSignal.timeout(toolTimeoutMs)]),
  });
}

function finished(file: string, child: ChildProcess): Promise<void> {
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-keptErrorCharacters);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(failure(file, describeSpawnError(cause), cause)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failure(file, `${code === null ? `killed by ${signal}` : `exit ${code}`}: ${lastWords.trim()}`));
    });
  });
}

function describeSpawnError(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'it is not installed';
  return error.name === 'AbortError' ? 'cancelled or out of time' : error.message;
}

function failure(file: string, what: string, cause?: unknown): CutoverError {
  return new CutoverError('base_image_failed', `${file}: ${what}`, { cause });
}
