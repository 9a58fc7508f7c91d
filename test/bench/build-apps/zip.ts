import { crc32, deflateRawSync } from 'node:zlib';

/** An archive with these files, as every program that reads zip can read it. */
export function zip(files: ReadonlyMap<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const packed = deflateRawSync(content);
    const described = describe(name, content, packed);
    const local = Buffer.concat([numbers([0x04034b50, 4]), described, Buffer.from(name), packed]);
    const place = numbers([0, 2], [0, 2], [0, 2], [0o100644 * 0x10000, 4], [offset, 4]);
    directory.push(Buffer.concat([numbers([0x02014b50, 4], [0x0314, 2]), described, place, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const end = numbers(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [files.size, 2],
    [files.size, 2],
    [index.length, 4],
    [offset, 4],
    [0, 2],
  );
  return Buffer.concat([...parts, index, end]);
}

/** What the entry itself and the directory at the end say alike: version, flags, deflate, time, date, sum, sizes, length of the name, no more fields. */
function describe(name: string, content: Buffer, packed: Buffer): Buffer {
  const sum = crc32(content);
  const sizes = [sum, packed.length, content.length].map((value): [number, number] => [value, 4]);
  return numbers([20, 2], [0x800, 2], [8, 2], [0, 2], [0x21, 2], ...sizes, [Buffer.byteLength(name), 2], [0, 2]);
}

/** Little endian: value and length of each. */
function numbers(...values: readonly (readonly [value: number, bytes: number])[]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeUIntLE(value, 0, bytes);
      return buffer;
    }),
  );
}
