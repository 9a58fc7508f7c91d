import { CutoverError } from '../../../../domain/errors.ts';
import type { AppFiles } from '../app-files.ts';
import type { CacheMount } from '../cache-mount.ts';
import type { Manifest } from './manifest.ts';

/** How the packages of an app are installed. Commands are POSIX shell text made here, never from the repository. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** "npm from `package-lock.json`" */
  readonly reason: string;
  /** Package of the npm registry that brings it; null: it is in the base image. */
  readonly tool: string | null;
  readonly lockFile: string | null;
  readonly install: string;
  readonly installProduction: string;
  /** Adds a dev dependency that is named behind it. */
  readonly add: string;
  /** Runs a program of the installed packages: "npx". */
  readonly execute: string;
  /** Removes dev dependencies after the build; null where the package manager cannot. */
  readonly prune: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Where it keeps what it has downloaded. */
  readonly cache: CacheMount;
}

interface Choice {
  readonly name: string;
  readonly version: string | null;
  readonly from: string;
}

const lockFiles = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
] as const;

export const lockFileNames: readonly string[] = lockFiles.map(([file]) => file);

/** The `packageManager` field, else the lock file, else npm. Errors: `app_not_detected` for one that is not known. */
export async function choosePackageManager(files: AppFiles, manifest: Manifest): Promise<PackageManager> {
  const choice = fromField(manifest) ?? (await fromLockFile(files)) ?? { name: 'npm', version: null, from: '' };
  const lockFile = await lockFileOf(files, choice.name);
  switch (choice.name) {
    case 'npm':
      return npm(choice, lockFile);
    case 'pnpm':
      return pnpm(choice, lockFile, (await files.read('pnpm-lock.yaml')) ?? '');
    case 'yarn':
      return yarn(choice, lockFile, (await files.read('yarn.lock')) ?? '');
    case 'bun':
      return bun(choice, lockFile);
    default:
      throw new CutoverError(
        'app_not_detected',
        `${choice.name} (from ${choice.from}) is not known yet: use npm, pnpm, yarn or bun, or add a Dockerfile`,
      );
  }
}

/** `name@1.2.3+sha512.…`: the hash belongs to another kind of download and is left out. */
function fromField(manifest: Manifest): Choice | null {
  if (manifest.packageManager === null) return null;
  const match = /^([a-z]+)(?:@(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?))?(?:\+.*)?$/.exec(manifest.packageManager);
  const name = match?.[1] ?? manifest.packageManager.split('@')[0] ?? '';
  return { name, version: match?.[2] ?? null, from: '`packageManager`' };
}

async function fromLockFile(files: AppFiles): Promise<Choice | null> {
  for (const [file, name] of lockFiles) {
    if (await files.isFile(file)) return { name, version: null, from: `\`${file}\`` };
  }
  return null;
}

async function lockFileOf(files: AppFiles, manager: string): Promise<string | null> {
  for (const [file, name] of lockFiles) {
    if (name === manager && (await files.isFile(file))) return file;
  }
  return null;
}

function reasonFor(choice: Choice): string {
  const from = choice.from === '' ? '' : ` from ${choice.from}`;
  return `${choice.name}${from}`;
}

export const npmCache: CacheMount = { target: '/root/.npm', sharing: 'shared' };

function npm(choice: Choice, lockFile: string | null): PackageManager {
  const install = (flags: string) => (lockFile === null ? `npm install${flags}` : withFallback(flags));
  return {
    name: 'npm',
    reason: reasonFor(choice),
    tool: null,
    lockFile,
    install: install(''),
    installProduction: install(' --omit=dev'),
    add: 'npm install --no-save --ignore-scripts',
    execute: 'npx',
    prune: 'npm prune --omit=dev --ignore-scripts',
    environment: { NPM_CONFIG_AUDIT: 'false', NPM_CONFIG_FUND: 'false', NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
    cache: npmCache,
  };
}

/** Lock files that are out of step with package.json are common; a kill (137) is passed on at once. */
function withFallback(flags: string): string {
  const once = `echo "npm ci failed; trying npm install once" >&2; npm install${flags}`;
  return `npm ci${flags} || { code=$?; [ "$code" -eq 1 ] || exit "$code"; ${once}; }`;
}

function pnpm(choice: Choice, lockFile: string | null, lock: string): PackageManager {
  const install = lockFile === null ? 'pnpm install --no-frozen-lockfile' : 'pnpm install --frozen-lockfile';
  return {
    name: 'pnpm',
    reason: reasonFor(choice),
    tool: `pnpm@${choice.version ?? pnpmFor(lock)}`,
    lockFile,
    install,
    installProduction: `${install} --prod`,
    add: 'pnpm add --save-dev --ignore-scripts',
    execute: 'pnpm exec',
    prune: 'pnpm prune --prod --ignore-scripts',
    // It is the version that was asked for already; newer ones would want to write into the lock file which one they are.
    environment: { pnpm_config_pm_on_fail: 'ignore' },
    cache: { target: '/root/.local/share/pnpm/store', sharing: 'shared' },
  };
}

function pnpmFor(lock: string): string {
  const format = /^lockfileVersion: '?(\d+)/m.exec(lock)?.[1];
  if (format === '5') return '7';
  return format === '6' ? '8' : '10';
}

/** Bun runs what it installs with Node where a script says so, so the image keeps Node. */
function bun(choice: Choice, lockFile: string | null): PackageManager {
  const install = lockFile === null ? 'bun install' : 'bun install --frozen-lockfile';
  return {
    name: 'bun',
    reason: reasonFor(choice),
    tool: `bun@${choice.version ?? '1'}`,
    lockFile,
    install,
    installProduction: `${install} --production`,
    add: 'bun add --dev',
    execute: 'bun x',
    prune: null,
    environment: {},
    cache: { target: '/root/.bun/install/cache', sharing: 'shared' },
  };
}

/** By the format of the lock file, which another major would want to rewrite. */
function berryFor(lock: string): string {
  const format = Number(/^__metadata:\s+version: (\d+)/m.exec(lock)?.[1] ?? 8);
  return format >= 8 ? '4' : '3';
}

function yarn(choice: Choice, lockFile: string | null, lock: string): PackageManager {
  const classic = choice.version === null ? !lock.includes('__metadata:') : choice.version.startsWith('1.');
  const base = { name: 'yarn' as const, reason: reasonFor(choice), lockFile };
  if (classic) {
    const install = `yarn install${lockFile === null ? '' : ' --frozen-lockfile'} --non-interactive`;
    return {
      ...base,
      tool: `yarn@${choice.version ?? '1.22.22'}`,
      install,
      installProduction: `${install} --production`,
      add: 'yarn add --dev --ignore-scripts --non-interactive',
      execute: 'yarn run',
      prune: `${install} --production --ignore-scripts --prefer-offline`,
      environment: { YARN_CACHE_FOLDER: '/root/.cache/yarn' },
      // Two of them would write the same file at the same time.
      cache: { target: '/root/.cache/yarn', sharing: 'locked' },
    };
  }
  const version = choice.version ?? berryFor(lock);
  const install = `yarn install ${lockFile === null ? '--no-immutable' : '--immutable'}`;
  // Before 4 this was a plugin.
  const focus = Number.parseInt(version, 10) >= 4 ? 'yarn workspaces focus --all --production' : null;
  return {
    ...base,
    tool: `@yarnpkg/cli-dist@${version}`,
    install,
    installProduction: focus ?? install,
    add: 'yarn add --dev',
    execute: 'yarn run',
    prune: focus,
    environment: { YARN_NODE_LINKER: 'node-modules', YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_GLOBAL_CACHE: 'true' },
    cache: { target: '/root/.yarn/berry/cache', sharing: 'shared' },
  };
}
