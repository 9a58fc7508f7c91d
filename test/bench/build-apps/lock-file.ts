import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { writeFiles, type SampleFiles } from '../../harness/sample-apps.ts';

/** The real package manager that writes an app's lock file. */
export interface LockMaker {
  /** Package of the npm registry; null: npm itself. */
  readonly tool: string | null;
  readonly command: readonly string[];
  readonly file: string;
}

export const npm: LockMaker = {
  tool: null,
  command: ['npm', 'install', '--package-lock-only', '--ignore-scripts'],
  file: 'package-lock.json',
};
export const pnpm: LockMaker = {
  tool: 'pnpm@10.34.9',
  command: ['pnpm', 'install', '--lockfile-only', '--ignore-scripts'],
  file: 'pnpm-lock.yaml',
};
/** The one of today, which asks for its field `packageManager`. */
export const pnpmNewest: LockMaker = { ...pnpm, tool: 'pnpm@12.21.0' };
export const yarnClassic: LockMaker = {
  tool: 'yarn@1.22.22',
  command: ['yarn', 'install', '--ignore-scripts', '--non-interactive', '--ignore-engines'],
  file: 'yarn.lock',
};
export const yarnBerry: LockMaker = {
  tool: '@yarnpkg/cli-dist@4.18.1',
  command: ['yarn', 'install', '--mode=update-lockfile'],
  file: 'yarn.lock',
};
export const bun: LockMaker = {
  tool: 'bun@1.4.5',
  command: ['bun', 'install', '--lockfile-only'],
  file: 'bun.lock',
};

/** Lock files that were made before, so that every run builds from the same. */
const kept = resolve(import.meta.dirname, '../../../node_modules/.cache/cutover-bench-locks');
const makeLimitMs = 300_000;

/** Puts the lock file of these files into the directory; it is made once. */
export async function addLockFile(directory: string, files: SampleFiles, maker: LockMaker): Promise<void> {
  const stored = join(kept, keyOf(files, maker));
  const target = join(directory, maker.file);
  try {
    await copyFile(stored, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeLockFile(stored, files, maker);
    await copyFile(stored, target);
  }
}

async function makeLockFile(stored: string, files: SampleFiles, maker: LockMaker): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-bench-lock-'));
  try {
    await writeFiles(directory, files);
    await run(maker, directory);
    await mkdir(dirname(stored), { recursive: true });
    await copyFile(join(directory, maker.file), `${stored}.new`);
    await rename(`${stored}.new`, stored);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function run({ tool, command }: LockMaker, cwd: string): Promise<void> {
  const env = { ...process.env, YARN_NPM_REGISTRY_SERVER: await registry(), YARN_ENABLE_TELEMETRY: '0', CI: '' };
  const [file = '', ...args] =
    tool === null ? command : ['npm', 'exec', '--yes', `--package=${tool}`, '--', ...command];
  await promisify(execFile)(file, args, { cwd, env, timeout: makeLimitMs, maxBuffer: 64 * 1024 * 1024 });
}

/** Yarn 2 and later ask a registry of their own, unless they are told the machine's. */
export async function registry(): Promise<string> {
  return (await promisify(execFile)('npm', ['config', 'get', 'registry'])).stdout.trim();
}

/** Only what decides about packages counts. */
function keyOf(files: SampleFiles, maker: LockMaker): string {
  const deciding = Object.entries(files).filter(([name]) =>
    /(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|\.npmrc|\.yarnrc\.yml)$/.test(name),
  );
  const hash = createHash('sha256')
    .update(JSON.stringify([maker, deciding]))
    .digest('hex');
  return `${hash.slice(0, 24)}-${maker.file}`;
}
