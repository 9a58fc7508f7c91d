import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { refused, shown, type ArchiveEntry } from './archive-entry.ts';

export type TarCompression = 'none' | 'gzip' | 'zstd';

interface TarFile {
  readonly path: string;
  readonly compression: TarCompression;
}

/** Errors, also of the contents: `archive_refused`; those of the file. */
export async function* tarArchive({ path, compression }: TarFile, signal: AbortSignal): AsyncGenerator<ArchiveEntry> {
  const file = createReadStream(path, { signal });
  const reader = extract();
  const plain = decompressed(file, compression);
  // What failed first: the parser only says that it was ended.
  const problems: Error[] = [];
  const fail = (error: Error) => {
    problems.push(error);
    reader.destroy(error);
  };
  file.on('error', fail);
  if (plain !== file)
    plain.on('error', (cause: Error) => fail(refused(`it cannot be decompressed: ${cause.message}`, cause)));
  plain.pipe(reader);
  const explain = (error: unknown) => asArchiveError(problems[0] ?? error);
  try {
    for await (const entry of reader) {
      // It tells the reader's failure once more, which without a listener would end the process.
      entry.on('error', (error) => problems.push(error));
      yield toEntry(entry.header, bytesOf(entry, explain));
      entry.resume();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error);
  } finally {
    file.destroy();
    plain.destroy();
    reader.destroy();
  }
}

function decompressed(file: Readable, compression: TarCompression): Readable {
  if (compression === 'none') return file;
  return file.pipe(compression === 'gzip' ? createGunzip() : createZstdDecompress());
}

function toEntry({ name, type, linkname, mode }: Header, content: AsyncIterable<Uint8Array>): ArchiveEntry {
  const known = type === 'contiguous-file' ? 'file' : type;
  if (known !== 'file' && known !== 'directory' && known !== 'symlink' && known !== 'link')
    throw refused(`${shown(name)} is a ${type ?? 'thing of an unknown kind'}, not a file`);
  return { name, type: known, target: linkname ?? '', executable: (mode & 0o111) !== 0, content };
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

/** Whatever the parser says; a failure of the system has a code of its own, and refusals are what they are. */
function asArchiveError(error: unknown): unknown {
  const isParsers = error instanceof Error && (error.name === 'Error' || error.name === 'StreamError');
  return isParsers && !('syscall' in error) ? refused(`it is no tar archive: ${error.message}`, error) : error;
}
