import { connect } from 'node:net';
import { CutoverError } from '../../../domain/errors.ts';
import { Gate } from './gate.ts';

const answerTimeoutMs = 2_000;
/** HAProxy reads a line of commands into one buffer of 16 KB. */
const longestLine = 8_000;

/** Connections that wait for HAProxy to accept them would be refused beyond a few. */
const gate = new Gate(8);

/** One line to a socket of HAProxy, and all it says until it closes. Errors: `router_unavailable`. */
export function converse(path: string, line: string, signal: AbortSignal): Promise<string> {
  return gate.through(() => exchange(path, line, signal));
}

function exchange(path: string, line: string, signal: AbortSignal): Promise<string> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ path, allowHalfOpen: true });
    const abort = () => fail(either.reason);
    const finish = () => {
      either.removeEventListener('abort', abort);
      socket.destroy();
    };
    const fail = (cause: unknown) => {
      finish();
      reject(signal.aborted ? signal.reason : unavailable(`HAProxy did not answer on ${path}`, cause));
    };
    if (either.aborted) return fail(either.reason);
    either.addEventListener('abort', abort, { once: true });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', fail);
    socket.on('end', () => {
      finish();
      resolve(Buffer.concat(chunks).toString());
    });
    // The master answers only once it has seen the end of what is asked.
    socket.end(`${line}\n`);
  });
}

/** Answers of several queries on one connection, in order. None of HAProxy's tables has an empty line inside. */
export async function query(path: string, commands: readonly string[], signal: AbortSignal): Promise<string[]> {
  const text = await converse(path, commands.join(';'), signal);
  const answers = text.split(/\n\n+/).slice(0, commands.length);
  if (answers.length < commands.length || text === '') {
    throw unavailable(`HAProxy's answer to "${commands.join(';')}" was cut off: "${text.slice(0, 200)}"`);
  }
  return answers.map((answer) => answer.trim());
}

/** Commands that change something. HAProxy says nothing when it did as told; anything else is an error with its words. */
export async function command(path: string, commands: readonly string[], signal: AbortSignal): Promise<void> {
  for (const line of lines(commands)) {
    const text = await converse(path, line.join(';'), signal);
    const said = text.replaceAll('New server registered.', '').trim();
    if (said !== '') throw unavailable(`HAProxy refused "${line.join(';').slice(0, 300)}": ${said.slice(0, 300)}`);
    if (text.split('\n').length <= line.length) throw unavailable('HAProxy ended before it had done as told');
  }
}

export function unavailable(message: string, cause?: unknown): CutoverError {
  return new CutoverError('router_unavailable', message, { cause });
}

function lines(commands: readonly string[]): string[][] {
  const result: string[][] = [];
  let length = longestLine;
  for (const one of commands) {
    length += one.length + 1;
    if (length > longestLine) {
      result.push([]);
      length = one.length;
    }
    result.at(-1)?.push(one);
  }
  return result;
}
