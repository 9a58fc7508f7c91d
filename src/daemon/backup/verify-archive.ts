import { createHash } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { readArchive, type ArchiveTarget } from '../../drivers/backup/archive-file.ts';
import { readParts, type ReadPart, type WrittenPart } from '../../drivers/backup/archive-parts.ts';
import { manifestPart, parseManifest, type Manifest } from './manifest.ts';

const largestManifestBytes = 256 * 1024 * 1024;

/** Reads all of it: every part is as the manifest has it, none is missing, and none is too many. Errors: those of reading, `backup_invalid`, `backup_too_new`. */
export async function verifyArchive(archive: ArchiveTarget, signal: AbortSignal): Promise<Manifest> {
  const found: WrittenPart[] = [];
  let manifest: string | null = null;
  for await (const part of readParts(readArchive(archive, signal))) {
    if (manifest !== null)
      throw new CutoverError('backup_invalid', `${part.name} is behind the manifest of the backup`);
    if (part.name === manifestPart) manifest = (await readWhole(part, largestManifestBytes)).toString();
    else found.push(await measure(part));
  }
  if (manifest === null)
    throw new CutoverError('backup_invalid', 'the backup has no manifest: it was not written to its end');
  const expected = parseManifest(manifest);
  compare(expected.parts, found);
  return expected;
}

/** Error: `backup_invalid`, when it is longer than that. */
export async function readWhole({ name, content }: ReadPart, atMost: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > atMost) throw new CutoverError('backup_invalid', `${name} is larger than anything of its kind`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function measure({ name, content }: ReadPart): Promise<WrittenPart> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

function compare(expected: readonly WrittenPart[], found: readonly WrittenPart[]): void {
  for (const [index, part] of expected.entries()) {
    const other = found[index];
    if (other?.name !== part.name) throw new CutoverError('backup_invalid', `${part.name} is missing in the backup`);
    if (other.sha256 !== part.sha256 || other.bytes !== part.bytes)
      throw new CutoverError('backup_invalid', `${part.name} is not what was written: its checksum is another one`);
  }
  const extra = found[expected.length];
  if (extra !== undefined)
    throw new CutoverError('backup_invalid', `${extra.name} is not in the manifest of the backup`);
}
