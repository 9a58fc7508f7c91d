import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { refused } from './tarball-limits.ts';

export interface TarEntry {
  /** Without `./`, and never outside. */
  readonly name: string;
  readonly header: Header;
  /** To be read to its end, or skipped, before the next one comes. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Entries one after the other. Errors, also of the contents: `image_tarball_invalid`; those of the stream. */
export async function* tarEntries(tar: Readable, signal: AbortSignal): AsyncGenerator<TarEntry> {
  const reader = extract();
  // What failed first: the parser only says that it was ended.
  const problems: Error[] = [];
  const fail = (error: Error) => {
    problems.push(error);
    reader.destroy(error);
  };
  const stop = () => fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  tar.on('error', fail);
  tar.pipe(reader);
  const explain = (error: unknown) => asTarError(problems[0] ?? error);
  try {
    for await (const entry of reader) {
      signal.throwIfAborted();
      // It tells the reader's failure once more, which without a listener would end the process.
      entry.on('error', (error) => problems.push(error));
      yield { name: safeName(entry.header.name), header: entry.header, content: bytesOf(entry, explain) };
      entry.resume();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error);
  } finally {
    signal.removeEventListener('abort', stop);
    tar.destroy();
    reader.destroy();
  }
}

export function safeName(name: string): string {
  const parts = name.split('/').filter((part) => part !== '.' && part !== '');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0'))
    throw refused(`${JSON.stringify(name.slice(0, 200))} leads out of it`);
  return parts.join('/');
}

async function* bytesOf(
  entry: AsyncIterable<unknown>,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
  } catch (error) {
    throw explain(error);
  }
}

/** Whatever the parsers say: what the tarball is to blame for. A failure of the system has a code of its own. */
function asTarError(error: unknown): unknown {
  const isParsers = error instanceof Error && (error.name === 'Error' || error.name === 'StreamError');
  return isParsers && !('syscall' in error) ? refused(`it cannot be read: ${error.message}`, error) : error;
}
