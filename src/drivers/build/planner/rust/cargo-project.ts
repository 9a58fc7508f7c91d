import { posix } from 'node:path';
import { notDetected } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { memberAt, memberOf, textOf, textsOf } from '../plain-data.ts';
import { parseToml } from '../toml.ts';

/** A package of a Cargo workspace, or the only one. */
export interface CargoPackage {
  /** Below the app's directory; '' is the app's own. */
  readonly path: string;
  readonly name: string;
  /** Names of its binaries. */
  readonly binaries: readonly string[];
  readonly defaultRun: string | null;
  /** Files, below the app's directory, that Cargo wants to see to read the manifest; null: it names others than the usual ones. */
  readonly sources: readonly string[] | null;
}

export interface CargoProject {
  readonly packages: readonly CargoPackage[];
  /** Of the root: "1.85". */
  readonly rustVersion: string | null;
  /** Whether the manifests, with empty sources, are all that Cargo needs to compile the dependencies. */
  readonly standsAlone: boolean;
}

const mostMembers = 200;

/** Reads Cargo.toml and those of the members it names. Errors: `app_not_detected` when there is none. */
export async function readCargoProject(files: AppFiles): Promise<CargoProject> {
  const root = await manifestOf(files, '');
  if (root === null) throw notDetected('the preset is rust, but there is no Cargo.toml in the app directory');
  const own = await readPackage(files, '', root);
  const packages = own === null ? [] : [own];
  const local = localPaths(root, '');
  for (const path of await memberPaths(files, textsOf(memberAt(root, 'workspace', 'members')))) {
    const member = await manifestOf(files, path);
    const read = member === null ? null : await readPackage(files, path, member);
    if (read !== null) packages.push(read);
    local.push(...localPaths(member, path));
  }
  const rustVersion =
    memberAt(root, 'package', 'rust-version') ?? memberAt(root, 'workspace', 'package', 'rust-version');
  return { packages, rustVersion: textOf(rustVersion), standsAlone: await standsAlone(files, packages, local) };
}

/** Settings of Cargo may name sources in the repository, and a local package has to be one whose manifest is copied. */
async function standsAlone(
  files: AppFiles,
  packages: readonly CargoPackage[],
  local: readonly string[],
): Promise<boolean> {
  if (files.names.includes('.cargo') || (await files.isDirectory('vendor'))) return false;
  const known = new Set(packages.map(({ path }) => path));
  const usual = packages.flatMap(({ sources }) => sources ?? []).every((file) => /^[\w./-]+$/.test(file));
  return usual && packages.every(({ sources }) => sources !== null) && local.every((path) => known.has(path));
}

/** Directories that dependencies and patches are taken from, below the app's directory. */
function localPaths(manifest: unknown, directory: string): string[] {
  if (typeof manifest !== 'object' || manifest === null) return [];
  return Object.entries(manifest).flatMap(([key, value]: [string, unknown]) => {
    if (key !== 'path' || typeof value !== 'string') return localPaths(value, directory);
    const path = posix.join(directory, value).replace(/\/$/, '');
    return [path === '.' ? '' : path];
  });
}

async function manifestOf(files: AppFiles, path: string): Promise<unknown> {
  const name = path === '' ? 'Cargo.toml' : `${path}/Cargo.toml`;
  const text = await files.read(name);
  return text === null ? null : parseToml(text, name);
}

/** `crates/*` is looked up; patterns of other kinds are rare and left alone. */
async function memberPaths(files: AppFiles, patterns: readonly string[]): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const pattern of patterns.map((text) => text.replace(/^\.\//, '').replace(/\/$/, ''))) {
    if (!pattern.includes('*')) paths.push(pattern);
    else if (/^(?:[\w.-]+\/)*\*$/.test(pattern)) {
      const directory = pattern.slice(0, Math.max(0, pattern.length - 2));
      for (const name of await files.list(directory === '' ? '.' : directory))
        paths.push(directory === '' ? name : `${directory}/${name}`);
    }
  }
  return paths.filter((path) => /^[\w./-]+$/.test(path) && !/^\.$|\.\./.test(path)).slice(0, mostMembers);
}

async function readPackage(files: AppFiles, path: string, manifest: unknown): Promise<CargoPackage | null> {
  const name = textOf(memberAt(manifest, 'package', 'name'));
  if (name === null) return null;
  const at = (file: string) => (path === '' ? file : `${path}/${file}`);
  const listed = memberOf(manifest, 'bin');
  const declared = (Array.isArray(listed) ? listed : [])
    .map((bin) => textOf(memberOf(bin, 'name')))
    .filter((bin) => bin !== null);
  const renamed = (Array.isArray(listed) ? listed : []).some((bin) => memberOf(bin, 'path') === 'src/main.rs');
  const main = !renamed && (await files.isFile(at('src/main.rs'))) ? [name] : [];
  const others: string[] = [];
  for (const entry of await files.list(at('src/bin'))) {
    const file = entry.endsWith('.rs') ? `src/bin/${entry}` : `src/bin/${entry}/main.rs`;
    if (await files.isFile(at(file))) others.push(file);
  }
  const binaries = [...new Set([...main, ...declared, ...others.map(binaryName)])].filter((binary) =>
    /^[\w-]+$/.test(binary),
  );
  const library = (await files.isFile(at('src/lib.rs'))) ? ['src/lib.rs'] : [];
  const programs = [...(main.length > 0 ? ['src/main.rs'] : []), ...others];
  return {
    path,
    name,
    binaries,
    defaultRun: textOf(memberAt(manifest, 'package', 'default-run')),
    sources: namesOwnFiles(manifest) ? null : [...library, ...programs].map(at),
  };
}

/** `src/bin/import.rs` and `src/bin/import/main.rs`: `import`. */
function binaryName(path: string): string {
  return path.replace(/^src\/bin\//, '').replace(/(?:\/main)?\.rs$/, '');
}

/** True for targets that are declared one by one: each of their files would have to be there. */
function namesOwnFiles(manifest: unknown): boolean {
  const declared = ['bin', 'example', 'bench', 'test'].some((target) => memberOf(manifest, target) !== undefined);
  return (
    declared || memberAt(manifest, 'lib', 'path') !== undefined || memberAt(manifest, 'package', 'build') !== undefined
  );
}
