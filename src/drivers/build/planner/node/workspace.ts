import { parse } from 'yaml';
import { notDetected, type App } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { dependencyNames, readManifest, type Manifest } from './manifest.ts';
import { lockFileNames } from './package-manager.ts';
import { expandPatterns, matchesPatterns } from './workspace-patterns.ts';

export interface Member {
  /** Below the workspace's root. */
  readonly path: string;
  readonly manifest: Manifest;
}

/** Several packages that are installed together, with one lock file at their root. */
export interface Workspace {
  /** Of its root, relative to the checkout; '' is the checkout itself. */
  readonly directory: string;
  readonly files: AppFiles;
  readonly manifest: Manifest;
  /** The app's path below the root; '' is the root itself. */
  readonly appPath: string;
  /** By path, without the root. */
  readonly members: readonly Member[];
}

/** The workspace that the app is the root or a member of; null where it stands for itself. */
export async function findWorkspace(app: App): Promise<Workspace | null> {
  const parts = app.settings.directory.split('/').filter((part) => part !== '' && part !== '.');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const directory = parts.slice(0, depth).join('/');
    const appPath = parts.slice(depth).join('/');
    const files = await app.checkout.open(directory);
    const patterns = await workspacePatterns(files);
    if (patterns === null || (appPath !== '' && !matchesPatterns(appPath, patterns))) continue;
    if (appPath !== '' && (await hasLockFile(app.files)) && !(await hasLockFile(files))) return null;
    const manifest = await readManifest(files);
    if (manifest === null) continue;
    return { directory, files, manifest, appPath, members: await readMembers(files, patterns) };
  }
  return null;
}

/** What a member needs of its workspace, dependencies first, itself last. Of the root: every member. */
export function neededMembers({ appPath, members }: Workspace): readonly Member[] {
  if (appPath === '') return members;
  const byName = new Map(members.map((member) => [member.manifest.name, member]));
  const ordered: Member[] = [];
  const seen = new Set<Member>();
  const visit = (member: Member): void => {
    if (seen.has(member)) return;
    seen.add(member);
    for (const name of dependencyNames(member.manifest)) {
      const needed = byName.get(name);
      if (needed !== undefined) visit(needed);
    }
    ordered.push(member);
  };
  const own = members.find(({ path }) => path === appPath);
  if (own !== undefined) visit(own);
  return ordered;
}

async function workspacePatterns(files: AppFiles): Promise<readonly string[] | null> {
  const text = await files.read('pnpm-workspace.yaml');
  const listed = text === null ? null : pnpmPatterns(text);
  if (listed !== null && listed.length > 0) return listed;
  return (await readManifest(files))?.workspaces ?? null;
}

/** Without a list of packages the file holds only settings. */
function pnpmPatterns(text: string): readonly string[] | null {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw notDetected(`pnpm-workspace.yaml is not valid YAML: ${String(error).split('\n')[0]}`);
  }
  const packages = typeof document === 'object' && document !== null && 'packages' in document ? document.packages : [];
  return Array.isArray(packages) ? packages.filter((pattern) => typeof pattern === 'string') : null;
}

async function readMembers(files: AppFiles, patterns: readonly string[]): Promise<readonly Member[]> {
  const members: Member[] = [];
  for (const path of await expandPatterns(files, patterns)) {
    const manifest = await readManifest(files, path);
    if (manifest !== null) members.push({ path, manifest });
  }
  return members;
}

async function hasLockFile(files: AppFiles): Promise<boolean> {
  return lockFileNames.some((name) => files.names.includes(name));
}
