import { createHash } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { ByteSource } from './byte-source.ts';
import { blockBytes, padding, parseTarHeader, tarHeader } from './tar-format.ts';

/**
 * A part is one file of a backup, of any size and without knowing that beforehand: in the archive it is a run of files
 * `<name>.00000`, `<name>.00001`, … that `cat` puts together again.
 */
export interface WrittenPart {
  readonly name: string;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

export interface ReadPart {
  readonly name: string;
  /** What is left of it when the next part is asked for is skipped. */
  readonly content: AsyncIterable<Buffer>;
}

const pieceBytes = 4 * 1024 * 1024;
const indexPattern = /^(.+)\.(\d{5,})$/;

/** The blocks of an archive that hold one part. */
export async function* writePart(
  name: string,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer, WrittenPart, undefined> {
  const hash = createHash('sha256');
  await using source = new ByteSource(content);
  let bytes = 0;
  for (let index = 0; index === 0 || !(await source.isAtEnd()); index += 1) {
    const piece = await source.take(pieceBytes);
    hash.update(piece);
    bytes += piece.length;
    yield tarHeader({ name: `${name}.${String(index).padStart(5, '0')}`, size: piece.length });
    yield piece;
    yield Buffer.alloc(padding(piece.length));
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

/** What every archive ends with. */
export const endOfArchive = Buffer.alloc(2 * blockBytes);

/** The parts in their order. Error: `backup_invalid`. */
export async function* readParts(archive: AsyncIterable<Uint8Array>): AsyncGenerator<ReadPart, void, undefined> {
  await using source = new ByteSource(archive);
  const pieces = new Pieces(source);
  let begins = await pieces.next();
  while (begins !== null) {
    const part = new Part(pieces, begins);
    yield { name: begins.part, content: part };
    begins = await part.skip();
  }
}

interface Piece {
  readonly part: string;
  readonly index: number;
  readonly body: Buffer;
}

class Pieces {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async next(): Promise<Piece | null> {
    const entry = parseTarHeader(await this.#source.take(blockBytes));
    if (entry === null) return this.#end();
    const [, part, index] = indexPattern.exec(entry.name) ?? [];
    if (part === undefined || entry.size > pieceBytes)
      throw new CutoverError('backup_invalid', `${entry.name} is no part of a backup`);
    const body = await this.#source.take(entry.size);
    const filled = await this.#source.take(padding(entry.size));
    if (body.length < entry.size || filled.length < padding(entry.size))
      throw new CutoverError('backup_invalid', `the backup is cut off in ${part}`);
    return { part, index: Number(index), body };
  }

  /** What is around the archive says only at its own end whether it was whole. */
  async #end(): Promise<null> {
    const rest = await this.#source.take(2 * blockBytes);
    if (rest.length !== blockBytes) throw new CutoverError('backup_invalid', 'the backup does not end where it should');
    return null;
  }
}

class Part implements AsyncIterable<Buffer> {
  readonly #pieces: Pieces;
  /** Not read yet; null at the end of the archive. */
  #ahead: Piece | null;
  readonly #name: string;
  #index = 0;

  constructor(pieces: Pieces, first: Piece) {
    this.#pieces = pieces;
    this.#ahead = first;
    this.#name = first.part;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let piece = await this.#take(); piece !== null; piece = await this.#take()) yield piece.body;
  }

  /** The first piece of the next part. */
  async skip(): Promise<Piece | null> {
    while ((await this.#take()) !== null);
    return this.#ahead;
  }

  async #take(): Promise<Piece | null> {
    const piece = this.#ahead;
    if (piece?.part !== this.#name) return null;
    if (piece.index !== this.#index) throw new CutoverError('backup_invalid', `a piece of ${this.#name} is missing`);
    this.#index += 1;
    this.#ahead = await this.#pieces.next();
    return piece;
  }
}
