import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { compressionOf, decompressor, type Compression } from '../../../archive/compression.ts';
import { mostTar } from '../../../archive/expansion.ts';
import { startOfFile } from '../../../archive/open-archive.ts';
import { shown } from '../../../archive/shown.ts';
import { roomOrEnd } from '../../../incoming/room-or-end.ts';
import { tarballEntries, type TarballEntry } from './tarball-entries.ts';
import { refused, TarballMeter, tarballLimits, type TarballLimits } from './tarball-limits.ts';

export interface SurveyedFile {
  readonly compression: Compression;
  /** With nothing compressed any more. */
  readonly sizeBytes: number;
  /** SHA-256 of the same, hex. */
  readonly digest: string;
  /** What it says, where it may be a description. */
  readonly json: Buffer | null;
}

/** Everything that is in a tarball, by name. */
export interface Survey {
  readonly compression: Compression;
  readonly files: ReadonlyMap<string, SurveyedFile>;
  /** Name of a link → name of what it leads to. */
  readonly links: ReadonlyMap<string, string>;
}

const largestJson = 4 * 1024 ** 2;

/** Reads all of it once, entry by entry; nothing is written anywhere. Error: `image_tarball_invalid`. */
export async function surveyTarball(
  path: string,
  signal: AbortSignal,
  limits: TarballLimits = tarballLimits,
): Promise<Survey> {
  const compression = compressionOf(await startOfFile(path, 4));
  const { size } = await stat(path);
  const meter = new TarballMeter(limits, size);
  const mostBytes = mostTar(limits, size);
  const files = new Map<string, SurveyedFile>();
  const links = new Map<string, string>();
  for await (const entry of tarballEntries({ path, compression, mostBytes }, signal)) {
    const { name, header } = entry;
    meter.entry(name, header.linkname ?? '');
    if (header.type === 'directory') continue;
    if (name === '' || files.has(name) || links.has(name))
      throw refused(`${shown(name)} is in it twice, or has no name`);
    if (header.type === 'file' || header.type === 'contiguous-file') files.set(name, await surveyFile(entry, meter));
    else if (header.type === 'symlink' || header.type === 'link') links.set(name, targetOf(entry));
    else throw refused(`${shown(name)} is a ${header.type ?? 'thing of an unknown kind'}, not a file`);
  }
  return { compression, files, links };
}

/** Through links, as far as they lead to a file of the tarball. */
export function resolveName({ files, links }: Survey, name: string): string {
  let at = posix.normalize(name);
  for (let hops = 0; hops < 40; hops += 1) {
    if (files.has(at)) return at;
    const next = links.get(at);
    if (next === undefined) break;
    at = next;
  }
  throw refused(`${shown(name)} is not in it`);
}

/** Inside the tarball, whatever is written there: an absolute one, or one that leads out, leads to nothing. */
function targetOf({ name, header }: TarballEntry): string {
  const target = header.linkname ?? '';
  return posix.normalize(header.type === 'link' ? target : posix.join(posix.dirname(name), target));
}

async function surveyFile({ content, header }: TarballEntry, meter: TarballMeter): Promise<SurveyedFile> {
  const { start, whole } = await withStart(content);
  const compression = compressionOf(start);
  const hash = createHash('sha256');
  const mayBeJson = compression === 'none' && (start[0] === 0x7b || start[0] === 0x5b);
  const keeps = mayBeJson && (header.size ?? 0) <= largestJson;
  const kept: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of plainBytes(whole, compression)) {
    sizeBytes += chunk.length;
    meter.add(chunk.length);
    hash.update(chunk);
    if (keeps) kept.push(chunk);
  }
  if (keeps) meter.addJson(sizeBytes);
  return { compression, sizeBytes, digest: hash.digest('hex'), json: keeps ? Buffer.concat(kept) : null };
}

/** Decompressed, where it was compressed. */
export async function* plainBytes(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  const plain = decompressor(compression);
  if (plain === null) return yield* bytes;
  const feeding = feed(bytes, plain);
  feeding.catch((error: unknown) => plain.destroy(error instanceof Error ? error : new Error(String(error))));
  yield* plain;
  await feeding;
}

async function feed(
  bytes: AsyncIterable<Uint8Array>,
  into: NodeJS.WritableStream & { readonly destroyed?: boolean },
): Promise<void> {
  for await (const chunk of bytes) {
    if (into.destroyed === true) return;
    if (!into.write(chunk)) await roomOrEnd(into);
  }
  into.end();
}

/** The first bytes, and all of them. */
export async function withStart(
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly start: Uint8Array; readonly whole: AsyncGenerator<Uint8Array> }> {
  const iterator: AsyncIterator<Uint8Array> = content[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < 4) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    length += next.value.length;
  }
  const start = Buffer.concat(first);
  return {
    start,
    whole: (async function* () {
      if (start.length > 0) yield start;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    })(),
  };
}
