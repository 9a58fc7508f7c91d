import type { BuildSettings } from '../../../../domain/build-settings.ts';
import { notDetected, type App } from '../app.ts';
import { hasDependencies, readManifest, whySourceBeforeInstall, type Manifest } from './manifest.ts';
import { chooseNodeVersion, nodeImage } from './node-version.ts';
import { choosePackageManager, type PackageManager } from './package-manager.ts';
import { findInstallInputs, type InstallInputs } from './install-inputs.ts';
import { findWorkspace, neededMembers, type Member, type Workspace } from './workspace.ts';

/** What every preset on Node is made from. */
export interface NodeApp extends App {
  readonly image: string;
  readonly manifest: Manifest;
  readonly packageManager: PackageManager;
  /** What besides the manifests decides what is installed, at the root of the workspace or in the app's directory. */
  readonly inputs: InstallInputs;
  readonly workspace: Workspace | null;
  /** Members of the workspace that the app is made of, dependencies first. */
  readonly needed: readonly Member[];
  /** The app's directory in the image. */
  readonly path: string;
  /** Why the whole source must be there at install; null when manifests and lock file are enough. */
  readonly sourceFirst: string | null;
  readonly reasons: readonly string[];
  /** A package that the build would fetch itself, each time, where it is not there. */
  readonly buildTool?: string;
}

/** Errors: `app_not_detected` without a package.json, or with one that cannot be read. */
export async function readNodeApp(app: App, preset: string): Promise<NodeApp> {
  const manifest = await readManifest(app.files);
  if (manifest === null)
    throw notDetected(`the preset is ${preset}, but there is no package.json in the app directory`);
  const workspace = await findWorkspace(app);
  const own = { files: app.files, manifest };
  const root = workspace ?? own;
  const packageManager = inPlaceOf(workspace, await choosePackageManager(root.files, root.manifest));
  const version = await chooseNodeVersion(root.files === app.files || workspace?.appPath === '' ? [own] : [own, root]);
  const needed = workspace === null ? [] : neededMembers(workspace);
  const manifests = [manifest, root.manifest, ...needed.map((member) => member.manifest)];
  const unlocked = packageManager.lockFile === null && manifests.some(hasDependencies);
  return {
    ...app,
    manifest,
    packageManager,
    workspace,
    needed,
    image: nodeImage(version),
    inputs: await findInstallInputs(root.files, packageManager),
    path: workspace === null || workspace.appPath === '' ? '/app' : `/app/${workspace.appPath}`,
    sourceFirst: sourceFirstReason(app.settings, manifests, workspace !== null),
    reasons: [
      packageManager.reason,
      ...(workspace === null ? [] : [workspaceReason(workspace, needed)]),
      ...(unlocked ? ['no lock file, so versions may change from build to build'] : []),
      version.reason,
    ],
  };
}

/** At the root of a workspace `pnpm prune` takes away all packages of the members. */
function inPlaceOf(workspace: Workspace | null, packageManager: PackageManager): PackageManager {
  return workspace !== null && packageManager.name === 'pnpm' ? { ...packageManager, prune: null } : packageManager;
}

export function needsInstall(app: NodeApp): boolean {
  return app.workspace !== null || app.sourceFirst !== null || hasDependencies(app.manifest);
}

function workspaceReason({ directory, appPath, members }: Workspace, needed: readonly Member[]): string {
  if (appPath === '') return `a workspace with ${members.length} member${members.length === 1 ? '' : 's'}`;
  const root = directory === '' ? "the repository's root" : `\`${directory}\``;
  const others = needed.map(({ path }) => path).filter((path) => path !== appPath);
  const with_ = others.length === 0 ? 'needs no other member' : `needs ${others.join(', ')}`;
  return `member of the workspace at ${root}, ${with_}`;
}

function sourceFirstReason(
  settings: BuildSettings,
  manifests: readonly Manifest[],
  inWorkspace: boolean,
): string | null {
  if (settings.installCommand !== null) return 'an install command from the settings';
  for (const manifest of manifests) {
    const reason = whySourceBeforeInstall(manifest, inWorkspace);
    if (reason !== null) return reason;
  }
  return null;
}
