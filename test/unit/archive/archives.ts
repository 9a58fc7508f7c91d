import { crc32, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** An entry as somebody hostile might write it. */
export interface RawEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'block-device';
  readonly target?: string;
  readonly content?: string | Buffer;
  /** Permission bits, set-user-ID and the like included. */
  readonly mode?: number;
}

export async function tarOf(entries: readonly RawEntry[]): Promise<Buffer> {
  const out = pack();
  const done = collect(out);
  for (const { name, type, target = '', content = '', mode = 0o644 } of entries) {
    const link = type === 'symlink' || type === 'link' ? { linkname: target } : {};
    const device = type === 'character-device' || type === 'block-device' ? { devmajor: 1, devminor: 3 } : {};
    out.entry({ name, type, mode, ...link, ...device }, type === 'file' ? content : '');
  }
  out.finalize();
  return done;
}

async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function tarGzOf(entries: readonly RawEntry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}

const unixKinds: Readonly<Record<RawEntry['type'], number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  // A zip archive knows no hard links.
  link: 0o100000,
  fifo: 0o010000,
  'character-device': 0o020000,
  'block-device': 0o060000,
};

/** Nothing compressed, as a Unix system writes it. */
export function zipOf(entries: readonly RawEntry[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.type === 'directory' && !entry.name.endsWith('/') ? `${entry.name}/` : entry.name);
    const content = entry.type === 'symlink' ? Buffer.from(entry.target ?? '') : Buffer.from(entry.content ?? '');
    const sizes = Buffer.alloc(12);
    sizes.writeUInt32LE(crc32(content), 0);
    sizes.writeUInt32LE(content.length, 4);
    sizes.writeUInt32LE(content.length, 8);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    sizes.copy(local, 14);
    local.writeUInt16LE(name.length, 26);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE((3 << 8) | 20, 4);
    head.writeUInt16LE(20, 6);
    sizes.copy(head, 16);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE(((unixKinds[entry.type] | (entry.mode ?? 0o644)) << 16) >>> 0, 38);
    head.writeUInt32LE(offset, 42);
    locals.push(local, name, content);
    central.push(head, name);
    offset += local.length + name.length + content.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
