import type { BuildSettings } from '../../../domain/build-settings.ts';
import type { AppFiles } from './app-files.ts';
import { whySourceBeforeInstall, type Manifest } from './manifest.ts';
import type { PackageManager } from './package-manager.ts';

/** What both Node presets are made from. */
export interface NodeApp {
  readonly image: string;
  readonly manifest: Manifest;
  readonly packageManager: PackageManager;
  /** Files and directories besides package.json that decide what is installed. */
  readonly installInputs: readonly string[];
  readonly settings: BuildSettings;
}

const installFiles = ['.npmrc', '.yarnrc', '.yarnrc.yml', '.pnpmfile.cjs', 'pnpm-workspace.yaml'];
const installDirectories = ['.yarn', 'patches'];

/** Fields of package.json that decide what is installed: any other edit leaves the dependency layer as it is. */
const manifestFields = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'dependenciesMeta',
  'peerDependenciesMeta',
  'overrides',
  'resolutions',
  'pnpm',
  'engines',
  'os',
  'cpu',
  'packageManager',
];

export async function findInstallInputs(files: AppFiles, packageManager: PackageManager): Promise<readonly string[]> {
  const found: string[] = packageManager.lockFile === null ? [] : [packageManager.lockFile];
  for (const name of installFiles) if (await files.isFile(name)) found.push(name);
  for (const name of installDirectories) if (await files.isDirectory(name)) found.push(name);
  return found;
}

/**
 * Lines that end in a stage `install` with the dependencies in /app. `production` leaves dev dependencies out where that is
 * safe: with scripts of the app's own they may be needed while installing. The build environment is visible to every step but
 * is not part of what other stages copy.
 */
export function installStage(app: NodeApp, production: boolean): readonly string[] {
  const reason = sourceFirstReason(app);
  return reason === null ? manifestFirst(app, production) : sourceFirst(app, reason);
}

/** Why the whole source must be there at install; null when manifests and lock file are enough. */
export function sourceFirstReason(app: NodeApp): string | null {
  if (app.settings.installCommand !== null) return 'an install command from the settings';
  if (app.installInputs.includes('pnpm-workspace.yaml')) return 'workspaces';
  return whySourceBeforeInstall(app.manifest);
}

function manifestFirst(app: NodeApp, production: boolean): readonly string[] {
  const { install, installProduction } = app.packageManager;
  const files = app.installInputs.filter((name) => !installDirectories.includes(name));
  const directories = app.installInputs.filter((name) => installDirectories.includes(name));
  return [
    '# Only the fields that decide what is installed, so that other edits of package.json keep the layer.',
    `FROM ${app.image} AS manifest`,
    'WORKDIR /app',
    'COPY package.json ./',
    `RUN ${JSON.stringify(['node', '-e', reduceManifest])}`,
    '',
    ...installHead(app),
    'COPY --from=manifest /app/package.json ./',
    ...(files.length === 0 ? [] : [`COPY ${files.join(' ')} ./`]),
    ...directories.map((name) => `COPY ${name} ./${name}`),
    `RUN ${production ? installProduction : install}`,
  ];
}

function sourceFirst(app: NodeApp, reason: string): readonly string[] {
  const { installCommand } = app.settings;
  return [
    `# The whole source comes first because of ${reason.replaceAll(/[\r\n]+/g, ' ')}.`,
    ...installHead(app),
    'COPY . .',
    `RUN ${installCommand === null ? app.packageManager.install : shell(installCommand)}`,
  ];
}

function installHead(app: NodeApp): readonly string[] {
  const { tool, environment } = app.packageManager;
  const names = Object.keys(app.settings.buildEnv);
  return [
    `FROM ${app.image} AS install`,
    'WORKDIR /app',
    ...Object.entries({ CI: 'true', ...environment })
      .filter(([name]) => !names.includes(name))
      .map(([name, value]) => `ENV ${name}=${value}`),
    ...(tool === null ? [] : [`RUN npm install --global --force ${tool}`]),
    ...names.map((name) => `ARG ${name}`),
  ];
}

/** A command of the user's as one argument of a shell, so that nothing in it is read as Dockerfile syntax. */
export function shell(command: string): string {
  return JSON.stringify(['sh', '-c', command]);
}

const reduceManifest = [
  "const fs=require('fs'),all=JSON.parse(fs.readFileSync('package.json','utf8').replace(/^\\uFEFF/,''))",
  `const keep=${JSON.stringify(manifestFields).replaceAll('"', "'")}`,
  "fs.writeFileSync('package.json',JSON.stringify(Object.fromEntries(keep.filter(k=>k in all).map(k=>[k,all[k]]))))",
].join(';');
