import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { Readable, pipeline as connect, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { CutoverError } from '../../domain/errors.ts';
import { ByteSource } from './byte-source.ts';
import { seal, sealedMagic, unseal } from './sealed-stream.ts';

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

export interface ArchiveTarget {
  readonly path: string;
  /** null: the file is a plain `.tar.zst`. */
  readonly passphrase: string | null;
}

/**
 * Writes the blocks compressed, and sealed where there is a passphrase; readable by its owner only. The file is there whole or not at all,
 * and on the disk when this resolves; an existing one is never replaced. Resolves to its size. Errors: `already_exists`, `disk_full`.
 */
export async function writeArchive(
  { path, passphrase }: ArchiveTarget,
  blocks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<number> {
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  try {
    const compressed = through(blocks, createZstdCompress());
    const content = passphrase === null ? compressed : seal(compressed, passphrase);
    await pipeline(Readable.from(content), createWriteStream(partial, { flags: 'wx', mode: 0o600 }), { signal });
    await using file = await open(partial, 'r');
    await file.sync();
    await link(partial, path);
    return (await file.stat()).size;
  } catch (error) {
    signal.throwIfAborted();
    throw asArchiveError(error, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** What was written. Errors: `not_found`, `backup_locked`, `backup_invalid`. */
export async function* readArchive(
  { path, passphrase }: ArchiveTarget,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    await using bytes = new ByteSource(createReadStream(path, { signal, highWaterMark: 256 * 1024 }));
    yield* through(await opened(bytes, passphrase), createZstdDecompress());
  } catch (error) {
    signal.throwIfAborted();
    throw asArchiveError(error, path);
  }
}

async function opened(bytes: ByteSource, passphrase: string | null): Promise<AsyncIterable<Buffer>> {
  const start = await bytes.take(zstdMagic.length);
  if (start.equals(zstdMagic)) return rest(bytes, start);
  const magic = Buffer.concat([start, await bytes.take(sealedMagic.length - start.length)]);
  if (!magic.equals(sealedMagic)) throw new CutoverError('backup_invalid', 'the file is no backup of Cutover');
  if (passphrase === null) throw new CutoverError('backup_locked', 'the backup is encrypted with a passphrase');
  return unseal(bytes, passphrase);
}

async function* rest(bytes: ByteSource, start: Buffer): AsyncGenerator<Buffer, void, undefined> {
  yield start;
  while (!(await bytes.isAtEnd())) yield await bytes.take(256 * 1024);
}

/** An error on either side ends both, and is the one the reader gets. */
function through(source: AsyncIterable<Buffer>, codec: Duplex): AsyncIterable<Buffer> {
  connect(Readable.from(source), codec, (error) => {
    if (error) codec.destroy(error);
  });
  return codec;
}

function asArchiveError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof CutoverError || !('code' in error)) return error;
  const code = String(error.code);
  if (code === 'ENOENT')
    return new CutoverError('not_found', `there is no file or directory for ${path}`, { cause: error });
  if (code === 'EEXIST') return new CutoverError('already_exists', `${path} is there already`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new CutoverError('disk_full', `no space is left for ${path}`, { cause: error });
  if (code.startsWith('ZSTD_') || code === 'Z_BUF_ERROR' || code === 'Z_DATA_ERROR')
    return new CutoverError('backup_invalid', `the backup is damaged or cut off: ${error.message}`, { cause: error });
  return error;
}
