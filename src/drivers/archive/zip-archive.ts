import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { shown } from './shown.ts';
import { refused, type ArchiveEntry } from './archive-entry.ts';

const fileKind = 0o170000;
const kinds = { directory: 0o040000, symlink: 0o120000, file: 0o100000 };
const madeOnUnix = 3;
const longestTarget = 4_096;

/** By the directory at its end, which is what other programs believe. Errors: `archive_refused`; those of the file. */
export async function* zipArchive(path: string, signal: AbortSignal): AsyncGenerator<ArchiveEntry> {
  const zip = await open(path);
  try {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      yield await toEntry(zip, entry);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw asZipError(error);
  } finally {
    zip.close();
  }
}

async function open(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true });
  } catch (error) {
    throw asZipError(error);
  }
}

async function toEntry(zip: ZipFile, entry: Entry): Promise<ArchiveEntry> {
  const { fileName: name } = entry;
  const mode = entry.versionMadeBy >> 8 === madeOnUnix ? entry.externalFileAttributes >>> 16 : 0;
  const kind = mode & fileKind;
  if (name.endsWith('/') || kind === kinds.directory)
    return { name, type: 'directory', target: '', executable: false, content: nothing() };
  if (kind !== 0 && kind !== kinds.file && kind !== kinds.symlink) throw refused(`${shown(name)} is not a file`);
  const content = contentOf(zip, entry);
  if (kind !== kinds.symlink) return { name, type: 'file', target: '', executable: (mode & 0o111) !== 0, content };
  return { name, type: 'symlink', target: await textOf(name, content), executable: false, content: nothing() };
}

/** Opened when it is read. */
async function* contentOf(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted()) throw refused(`${shown(entry.fileName)} is encrypted`);
  yield* await zip.openReadStreamPromise(entry);
}

async function textOf(name: string, content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of content) {
    length += chunk.length;
    if (length > longestTarget) throw refused(`the link ${shown(name)} is too long`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function asZipError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'Error' || 'syscall' in error) return error;
  return refused(`it is no zip archive that can be read: ${error.message}`, error);
}
