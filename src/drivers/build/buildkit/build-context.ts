import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import dockerignore, { type Ignore } from '@balena/dockerignore';
import { pack, type Headers, type PackOptions } from 'tar-fs';

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

interface IgnoreRules {
  readonly rules: Ignore;
  /** Something below an ignored directory may be taken back in. */
  readonly hasExceptions: boolean;
}

async function readIgnoreRules(directory: string): Promise<IgnoreRules> {
  const path = join(directory, '.dockerignore');
  const isFile = (await readdir(directory, { withFileTypes: true })).some(
    (entry) => entry.name === '.dockerignore' && entry.isFile(),
  );
  const patterns = isFile ? (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/) : [];
  const rules = dockerignore.default().add(['.git', ...patterns]);
  return { rules, hasExceptions: patterns.some((pattern) => pattern.trim().startsWith('!')) };
}

/** Paths below `directory`, parents before children, sorted. */
async function collect(directory: string, below: string, ignore: IgnoreRules): Promise<string[]> {
  const found: string[] = [];
  const names = (await readdir(join(directory, below))).toSorted();
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const info = await lstat(join(directory, path));
    const ignored = ignore.rules.ignores(path);
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
