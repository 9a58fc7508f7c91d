import { pack, type Pack } from 'tar-stream';
import { roomOrEnd } from '../../../incoming/room-or-end.ts';
import type { ChosenImage } from './choose-image.ts';
import { plainBytes, type Survey } from './survey-tarball.ts';
import { tarballEntries } from './tarball-entries.ts';
import { refused } from './tarball-limits.ts';

interface Rewriting {
  readonly path: string;
  readonly survey: Survey;
  readonly image: ChosenImage;
  /** The only name that the image will have. */
  readonly name: string;
}

/**
 * The same image as every engine's `load` takes it, and nothing else that was in the tarball: plain files under names of ours, no links,
 * layers not compressed, one name. Fails where the file is not what was surveyed.
 */
export async function* rewriteTarball(rewriting: Rewriting, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const out = pack();
  const writing = write(out, rewriting, signal);
  writing.catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))));
  try {
    for await (const chunk of out) if (chunk instanceof Uint8Array) yield chunk;
  } finally {
    out.destroy();
  }
  await writing;
}

async function write(out: Pack, { path, survey, image, name }: Rewriting, signal: AbortSignal): Promise<void> {
  const names = new Map([
    [image.config, 'config.json'],
    ...image.layers.map((layer, index) => [layer, `layer-${index + 1}.tar`] as const),
  ]);
  const nameOf = (entry: string) => names.get(entry) ?? entry;
  const manifest = [{ Config: nameOf(image.config), RepoTags: [name], Layers: image.layers.map(nameOf) }];
  out.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  const left = new Set(names.keys());
  for await (const entry of tarballEntries({ path, compression: survey.compression }, signal)) {
    const known = survey.files.get(entry.name);
    if (known === undefined || !left.delete(entry.name)) continue;
    await copy(out, { name: nameOf(entry.name), size: known.sizeBytes }, plainBytes(entry.content, known.compression));
  }
  if (left.size > 0) throw refused('it has changed while it was read');
  out.finalize();
}

async function copy(
  out: Pack,
  header: { readonly name: string; readonly size: number },
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const entry = out.entry(header, (error) => (error == null ? done.resolve() : done.reject(error)));
  for await (const chunk of bytes) {
    if (out.destroyed) return;
    if (!entry.write(chunk)) await roomOrEnd(entry, out);
  }
  entry.end(undefined);
  await done.promise;
}
