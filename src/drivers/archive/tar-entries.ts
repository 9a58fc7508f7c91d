import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';

export interface TarEntry {
  /** As it stands in the archive: nobody has looked at the name yet. */
  readonly header: Header;
  /** To be read to its end, or skipped, before the next one comes. */
  readonly content: AsyncIterable<Uint8Array>;
}

interface Reading {
  readonly signal: AbortSignal;
  /** Of the stream: there is more in it than entries tell of. */
  readonly mostBytes: number;
  /** Of an archive that cannot be read: the error that is thrown instead of the parser's. */
  readonly refused: (reason: string, cause?: Error) => Error;
}

/**
 * Entries of an archive that nobody vouches for, one after the other; the stream ends with them. Errors, also of the contents: the signal's
 * reason, those that `refused` makes, those of the stream.
 */
export async function* tarEntries(tar: Readable, { signal, mostBytes, refused }: Reading): AsyncGenerator<TarEntry> {
  const reader = extract();
  // What failed first: the parser only says that it was ended.
  const problems: Error[] = [];
  const fail = (error: Error) => {
    problems.push(error);
    reader.destroy(error);
  };
  const stop = () => fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  let bytes = 0;
  tar.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > mostBytes) fail(refused(`with nothing compressed it is larger than ${mostBytes} bytes`));
  });
  tar.on('error', fail);
  tar.pipe(reader);
  const explain = (error: unknown): unknown => {
    if (signal.aborted) return signal.reason;
    const first = problems[0] ?? error;
    return isParsers(first) ? refused(`it cannot be read: ${first.message}`, first) : first;
  };
  try {
    for await (const entry of reader) {
      signal.throwIfAborted();
      // It tells the reader's failure once more, which without a listener would end the process.
      entry.on('error', (error) => problems.push(error));
      yield { header: entry.header, content: bytesOf(entry, explain) };
      entry.resume();
    }
  } catch (error) {
    throw explain(error);
  } finally {
    signal.removeEventListener('abort', stop);
    tar.destroy();
    reader.destroy();
  }
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

/** Of parsing or decompressing: a failure of the system has a code of its own, and refusals are what they are. */
function isParsers(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'Error' || error.name === 'StreamError') && !('syscall' in error);
}
