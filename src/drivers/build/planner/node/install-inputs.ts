import type { AppFiles } from '../app-files.ts';
import type { PackageManager } from './package-manager.ts';

/** What decides, beside manifests, which packages are installed and how. */
export interface InstallInputs {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

const installFiles = ['.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs', 'pnpm-workspace.yaml', 'bunfig.toml'];
const installDirectories = ['.yarn', 'patches'];

export async function findInstallInputs(files: AppFiles, packageManager: PackageManager): Promise<InstallInputs> {
  const found: string[] = packageManager.lockFile === null ? [] : [packageManager.lockFile];
  for (const name of installFiles) if (await files.isFile(name)) found.push(name);
  const directories: string[] = [];
  for (const name of installDirectories) if (await files.isDirectory(name)) directories.push(name);
  return { files: found, directories };
}
