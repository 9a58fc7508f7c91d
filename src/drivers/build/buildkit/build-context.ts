import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack, type Headers, type PackOptions } from 'tar-fs';
import { readIgnoreFile, type IgnoreRules } from '../../../domain/ignore-rules.ts';

const ignoreFile = '.dockerignore';

export interface BuildContext {
  readonly tar: Readable;
  /** Name of the plan's Dockerfile in the context. */
  readonly dockerfileName: string;
}

/**
 * The build context as a tar: the directory without what `.dockerignore` names (the engine does not apply it to a tar) and
 * without `.git`, and the given Dockerfile under a name that nothing else has. Symbolic links stay links; sockets, pipes and
 * devices are left out. Owners and times are fixed, so that equal trees make equal layers.
 */
export async function packContext(directory: string, dockerfile: string): Promise<BuildContext> {
  const ignore = await readIgnoreRules(directory);
  const entries = await collect(directory, '', ignore);
  const dockerfileName = freeName(new Set(entries));
  const fixed = { uid: 0, gid: 0, mtime: new Date(0) };
  const tar = pack(directory, {
    entries,
    // Directories are entries of their own; what is in them was chosen above.
    ignore: () => true,
    umask: 0,
    map: (header: Headers) => Object.assign(header, fixed),
    finalize: false,
    finish(stream) {
      stream.entry({ name: dockerfileName, mode: 0o644, ...fixed }, dockerfile);
      stream.finalize();
    },
  } as PackOptions);
  return { tar: Readable.from(tar, { objectMode: false }), dockerfileName };
}

async function readIgnoreRules(directory: string): Promise<IgnoreRules> {
  const isFile = (await readdir(directory, { withFileTypes: true })).some(
    (entry) => entry.name === ignoreFile && entry.isFile(),
  );
  const text = isFile ? await readFile(join(directory, ignoreFile), 'utf8') : '';
  return readIgnoreFile({ name: ignoreFile, text, refusal: 'dockerfile_invalid', above: ['.git'] });
}

/** Paths below `directory`, parents before children, sorted. */
async function collect(directory: string, below: string, ignore: IgnoreRules): Promise<string[]> {
  const found: string[] = [];
  const names = (await readdir(join(directory, below))).toSorted();
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const info = await lstat(join(directory, path));
    const ignored = ignore.ignores(path);
    if (info.isDirectory()) {
      const inside = ignored && !ignore.hasExceptions ? [] : await collect(directory, path, ignore);
      if (!ignored || inside.length > 0) found.push(path, ...inside);
    } else if (!ignored && (info.isFile() || info.isSymbolicLink())) {
      found.push(path);
    }
  }
  return found;
}

function freeName(taken: ReadonlySet<string>): string {
  let name = '.cutover.Dockerfile';
  while (taken.has(name)) name = `.cutover${name}`;
  return name;
}
