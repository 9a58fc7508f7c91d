import { CutoverError } from '../../../domain/errors.ts';
import type { AppFiles } from './app-files.ts';

/** The parts of a package.json that decide something here. Values of the wrong type are left out. */
export interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly main: string | null;
  readonly packageManager: string | null;
  readonly nodeEngine: string | null;
  readonly hasWorkspaces: boolean;
}

/** null when there is no package.json. Errors: `app_not_detected` when it is not a JSON object. */
export async function readManifest(files: AppFiles): Promise<Manifest | null> {
  const text = await files.read('package.json');
  if (text === null) return null;
  const parsed = parseObject(text);
  return {
    scripts: texts(parsed['scripts']),
    dependencies: texts(parsed['dependencies']),
    devDependencies: texts(parsed['devDependencies']),
    optionalDependencies: texts(parsed['optionalDependencies']),
    main: textOf(parsed['main']),
    packageManager: textOf(parsed['packageManager']),
    nodeEngine: textOf(isObject(parsed['engines']) ? parsed['engines']['node'] : undefined),
    hasWorkspaces: parsed['workspaces'] !== undefined,
  };
}

export function hasDependencies(manifest: Manifest): boolean {
  return (
    manifest.hasWorkspaces ||
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

/**
 * Why installing needs the whole source and not only manifests and lock file; null when it does not. Scripts of the app itself
 * run at install, and local packages and workspaces are part of the source.
 */
export function whySourceBeforeInstall(manifest: Manifest): string | null {
  const script = ['preinstall', 'install', 'postinstall', 'prepare'].find((name) => name in manifest.scripts);
  if (script !== undefined) return `a ${script} script`;
  if (manifest.hasWorkspaces) return 'workspaces';
  const specifiers = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap((group) =>
    Object.values(group),
  );
  const local = specifiers.find((specifier) => /^(?:file|link|portal|workspace):|^\.{0,2}\//.test(specifier));
  return local === undefined ? null : `a local dependency (${local})`;
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new CutoverError('app_not_detected', `package.json is not valid JSON: ${String(error)}`, { cause: error });
  }
  if (!isObject(parsed)) throw new CutoverError('app_not_detected', 'package.json does not hold a JSON object');
  return parsed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
