import { CutoverError } from '../../../../src/domain/errors.ts';

const block = 512;
const file = '0';
const directory = '5';

export interface TarFile {
  readonly path: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

/** Plain files as a tar archive (ustar). */
export function packTar(files: ReadonlyMap<string, string>): Buffer {
  const parts: Buffer[] = [];
  for (const [path, text] of files) {
    const content = Buffer.from(text);
    parts.push(headerOf(path, content.length), content, Buffer.alloc(padding(content.length)));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function headerOf(path: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(path, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(file, 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Its plain files. Errors: `invalid_input` for what is broken, leads outside, or is neither a file nor a directory. */
export function readTar(archive: Buffer): readonly TarFile[] {
  const files: TarFile[] = [];
  for (let at = 0; at + block <= archive.length;) {
    const header = archive.subarray(at, at + block);
    if (header.every((byte) => byte === 0)) return files;
    const size = Number.parseInt(field(header, 124, 12), 8) || 0;
    const path = field(header, 0, 100);
    const type = field(header, 156, 1) || file;
    if (!isWhole(header) || at + block + size > archive.length) throw refused('the archive is broken');
    if (path.startsWith('/') || path.split('/').includes('..')) throw refused(`"${path}" leads out of the archive`);
    if (type !== file && type !== directory) throw refused(`"${path}" is not a file`);
    const content = archive.subarray(at + block, at + block + size);
    const executable = (Number.parseInt(field(header, 100, 8), 8) & 0o111) !== 0;
    if (type === file) files.push({ path: path.replace(/^\.\//, ''), content, executable });
    at += block + size + padding(size);
  }
  return files;
}

function isWhole(header: Buffer): boolean {
  const told = Number.parseInt(field(header, 148, 8), 8);
  return header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0) === told;
}

function field(header: Buffer, from: number, length: number): string {
  const part = header.toString('utf8', from, from + length);
  return (part.split('\0', 1)[0] ?? '').trim();
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

function refused(reason: string): CutoverError {
  return new CutoverError('invalid_input', `The static files are refused: ${reason}.`);
}
