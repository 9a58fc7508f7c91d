import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { Architecture } from './recipe.ts';
import { runTool } from './run-tool.ts';
import { settleAll } from './settle-all.ts';
import type { ToolRun } from './run-tool.ts';

const nodeArchitectures: Record<Architecture, string> = { amd64: 'x64', arm64: 'arm64' };

/** The npm that Node's own releases of that major carry. */
const npmMajors: Readonly<Record<number, number>> = { 18: 10, 20: 10, 22: 10, 24: 11, 26: 11 };

/** From 25 on Node comes without corepack; installed all the same, since lock files of pnpm and yarn need it. */
const corepack = 'corepack@latest';

/** Files in the download directory. */
export interface NodeFiles {
  readonly node: string;
  readonly npm: string;
  readonly corepack: string;
}

/** Fetches the official Node binary, npm and corepack from the npm registry; npm checks their hashes. */
export async function downloadNode(major: number, architecture: Architecture, run: ToolRun): Promise<NodeFiles> {
  const [node, npm, pack] = await settleAll([
    packFile(`node-linux-${nodeArchitectures[architecture]}@${major}`, run),
    packFile(`npm@${npmMajors[major] ?? 11}`, run),
    packFile(corepack, run),
  ]);
  return { node, npm, corepack: pack };
}

async function packFile(specifier: string, run: ToolRun): Promise<string> {
  const output = await runTool('npm', ['pack', '--silent', '--pack-destination', run.cwd, '--', specifier], run);
  const file = output.trim().split('\n').at(-1);
  if (file === undefined || !file.endsWith('.tgz')) {
    throw new CutoverError('base_image_failed', `npm pack ${specifier} named no file: ${output.slice(-200)}`);
  }
  return join(run.cwd, file);
}

/** Puts Node where the official images have it: `/usr/local/bin/node`, npm and corepack as global packages. */
export async function unpackNode(files: NodeFiles, root: string, run: ToolRun): Promise<void> {
  const prefix = join(root, 'usr/local');
  const modules = join(prefix, 'lib/node_modules');
  await settleAll(['npm', 'corepack'].map((name) => mkdir(join(modules, name), { recursive: true })));
  await mkdir(join(prefix, 'bin'), { recursive: true });
  await settleAll([
    unpack(files.node, prefix, ['package/bin/node', 'package/LICENSE'], run),
    unpack(files.npm, join(modules, 'npm'), ['--exclude=package/docs', '--exclude=package/man', 'package'], run),
    unpack(files.corepack, join(modules, 'corepack'), ['package'], run),
  ]);
  await chmod(join(prefix, 'bin/node'), 0o755);
  await link(prefix, 'npm', 'npm/bin/npm-cli.js');
  await link(prefix, 'npx', 'npm/bin/npx-cli.js');
  await link(prefix, 'corepack', 'corepack/dist/corepack.js');
}

function unpack(file: string, into: string, members: readonly string[], run: ToolRun): Promise<string> {
  return runTool(
    'tar',
    ['-x', '-z', '--no-same-owner', '--strip-components=1', '-C', into, '-f', file, ...members],
    run,
  );
}

async function link(prefix: string, name: string, script: string): Promise<void> {
  await chmod(join(prefix, 'lib/node_modules', script), 0o755);
  await symlink(`../lib/node_modules/${script}`, join(prefix, 'bin', name));
}
