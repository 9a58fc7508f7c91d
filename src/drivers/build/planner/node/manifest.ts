import { CutoverError } from '../../../../domain/errors.ts';
import type { AppFiles } from '../app-files.ts';

/** The parts of a package.json that decide something here. Values of the wrong type are left out. */
export interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly name: string | null;
  readonly main: string | null;
  readonly module: string | null;
  readonly packageManager: string | null;
  readonly nodeEngine: string | null;
  readonly bunEngine: string | null;
  /** The version that Volta pins. */
  readonly voltaNode: string | null;
  /** Patterns of the directories of a workspace that begins here; null: none does. */
  readonly workspaces: readonly string[] | null;
}

/** null when there is no package.json in the directory. Errors: `app_not_detected` when it is not a JSON object. */
export async function readManifest(files: AppFiles, directory = ''): Promise<Manifest | null> {
  const path = directory === '' ? 'package.json' : `${directory}/package.json`;
  const text = await files.read(path);
  if (text === null) return null;
  const parsed = parseObject(text, path);
  return {
    scripts: texts(parsed['scripts']),
    dependencies: texts(parsed['dependencies']),
    devDependencies: texts(parsed['devDependencies']),
    optionalDependencies: texts(parsed['optionalDependencies']),
    name: textOf(parsed['name']),
    main: textOf(parsed['main']),
    module: textOf(parsed['module']),
    packageManager: textOf(parsed['packageManager']),
    nodeEngine: textOf(member(parsed['engines'], 'node')),
    bunEngine: textOf(member(parsed['engines'], 'bun')),
    voltaNode: textOf(member(parsed['volta'], 'node')),
    workspaces: patternsOf(parsed['workspaces']),
  };
}

export function hasDependencies(manifest: Manifest): boolean {
  return (
    manifest.workspaces !== null ||
    [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].some(
      (group) => Object.keys(group).length > 0,
    )
  );
}

/** Names of all direct dependencies, however they are declared. */
export function dependencyNames(manifest: Manifest): ReadonlySet<string> {
  return new Set([
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.devDependencies),
    ...Object.keys(manifest.optionalDependencies),
  ]);
}

/** Scripts of an install that do nothing for an image: hooks of Git, and types that the build makes as well. */
const needlessScript =
  /^(?:is-ci \|\| )?(?:husky(?: install)?|lefthook install|simple-git-hooks|nuxi? prepare|nuxt prepare|svelte-kit sync|astro sync)(?: \|\| [^&;|]*)?$/;

/**
 * Why installing needs the whole source and not only manifests and lock file; null when it does not. Scripts of the app itself
 * run at install, and local packages are part of the source.
 */
export function whySourceBeforeInstall(manifest: Manifest, inWorkspace: boolean): string | null {
  const script = ['preinstall', 'install', 'postinstall', 'prepare'].find((name) => {
    const line = manifest.scripts[name];
    return line !== undefined && !needlessScript.test(line.trim());
  });
  if (script !== undefined) return `a ${script} script`;
  const specifiers = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((group) =>
    Object.values(group),
  );
  const outside = inWorkspace ? /^(?:file|link|portal):|^\.{0,2}\// : /^(?:file|link|portal|workspace):|^\.{0,2}\//;
  const local = specifiers.find((specifier) => outside.test(specifier));
  return local === undefined ? null : `a local dependency (${local})`;
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new CutoverError('app_not_detected', `${path} is not valid JSON: ${String(error)}`, { cause: error });
  }
  if (!isObject(parsed)) throw new CutoverError('app_not_detected', `${path} does not hold a JSON object`);
  return parsed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** A list of patterns, or an object with one, as yarn also takes it. */
function patternsOf(value: unknown): readonly string[] | null {
  const list = isObject(value) ? value['packages'] : value;
  return Array.isArray(list) ? list.filter((pattern) => typeof pattern === 'string') : null;
}

function texts(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}
