import { CutoverError } from '../../../../src/domain/errors.ts';
import { archiveLimits, type ArchiveEntry } from '../../../../src/drivers/archive/archive-entry.ts';
import { placeEntries, type TreeTarget } from '../../../../src/drivers/archive/place-entries.ts';
import { SurveyTarget } from '../../../../src/drivers/archive/survey-target.ts';
import type { SentTree } from '../../../../src/engine/ports/source.ts';
import { readTar, type TarFile } from './tar.ts';

/** Only of tars of files. */
export async function surveySent(archive: Buffer, signal: AbortSignal): Promise<SentTree> {
  const target = new SurveyTarget();
  await place(archive, target, signal);
  const found = target.survey();
  if (found.files === 0) throw new CutoverError('archive_refused', 'there are no files in it');
  return found;
}

/** Text by path. */
export async function unpackSent(archive: Buffer, signal: AbortSignal): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const target: TreeTarget = {
    directory: nothing,
    hardLink: nothing,
    symlink: nothing,
    file: async (path, _executable, content) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      files[path] = Buffer.concat(chunks).toString();
    },
  };
  await place(archive, target, signal);
  return files;
}

async function nothing(): Promise<void> {}

async function place(archive: Buffer, target: TreeTarget, signal: AbortSignal): Promise<void> {
  const placing = { target, limits: archiveLimits, archiveBytes: archive.length };
  await placeEntries(entriesOf(archive), { ...placing, leavesOut: (part) => part === '.git' }, signal);
}

async function* entriesOf(archive: Buffer): AsyncGenerator<ArchiveEntry> {
  for (const { path: name, executable, content } of filesOf(archive))
    yield { name, type: 'file', target: '', executable, content: once(content) };
}

function filesOf(archive: Buffer): readonly TarFile[] {
  try {
    return readTar(archive);
  } catch (cause) {
    throw new CutoverError('archive_refused', `the archive is refused: ${String(cause)}`, { cause });
  }
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
