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

/** Entries one after the other. Errors: `image_tarball_invalid`; those of the stream. */
export async function* tarEntries(tar: Readable, signal: AbortSignal): AsyncGenerator<TarEntry> {
  const reader = extract();
  const stop = () => reader.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  tar.on('error', (error) => reader.destroy(error));
  tar.pipe(reader);
  try {
    for await (const entry of reader) {
      signal.throwIfAborted();
      const { header } = entry;
      // It tells the reader's failure once more, which without a listener would end the process.
      entry.on('error', (error) => tar.destroy(error));
      yield { name: safeName(header.name), header, content: bytesOf(entry) };
      entry.resume();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw asTarError(error);
  } finally {
    signal.removeEventListener('abort', stop);
    tar.destroy();
  }
}

export function safeName(name: string): string {
  const parts = name.split('/').filter((part) => part !== '.' && part !== '');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0'))
    throw refused(`${JSON.stringify(name.slice(0, 200))} leads out of it`);
  return parts.join('/');
}

async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

/** Of the parsers: what the tarball is to blame for. */
function asTarError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  const isParser =
    code === undefined || (typeof code === 'string' && /^(Z_|ZSTD_|ERR_STREAM_PREMATURE|ERR_BUFFER)/.test(code));
  return isParser && error.name === 'Error' ? refused(`it cannot be read: ${error.message}`, error) : error;
}
