import { CutoverError } from '../../domain/errors.ts';

/** As much of the ustar format as a backup needs: plain files, read by every tar there is. */
export const blockBytes = 512;

export interface TarEntry {
  readonly name: string;
  readonly size: number;
}

/** 256 bytes of name at most, with a slash where they can be cut. */
export function tarHeader({ name, size }: TarEntry): Buffer {
  const header = Buffer.alloc(blockBytes);
  const [prefix, rest] = splitName(name);
  header.write(rest, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  header.write(prefix, 345);
  header.write(`${sum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** null: the block of zeros that ends an archive. Error: `backup_invalid`. */
export function parseTarHeader(block: Buffer): TarEntry | null {
  if (block.length < blockBytes) throw new CutoverError('backup_invalid', 'the archive in the backup is cut off');
  if (block.every((byte) => byte === 0)) return null;
  const said = Number.parseInt(text(block, 148, 8), 8);
  const plain = Buffer.from(block);
  plain.fill(' ', 148, 156);
  if (sum(plain) !== said) throw new CutoverError('backup_invalid', 'the archive in the backup is damaged');
  const [prefix, rest] = [text(block, 345, 155), text(block, 0, 100)];
  return { name: prefix === '' ? rest : `${prefix}/${rest}`, size: Number.parseInt(text(block, 124, 12), 8) };
}

/** Zeros that fill the last block of a file of this size. */
export function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

function splitName(name: string): readonly [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name];
  for (let cut = name.lastIndexOf('/'); cut > 0; cut = name.lastIndexOf('/', cut - 1)) {
    const [prefix, rest] = [name.slice(0, cut), name.slice(cut + 1)];
    if (Buffer.byteLength(rest) <= 100 && Buffer.byteLength(prefix) <= 155) return [prefix, rest];
  }
  throw new CutoverError('internal', `the name ${name} is too long for an archive`);
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString();
}

function sum(block: Buffer): number {
  return block.reduce((total, byte) => total + byte, 0);
}
