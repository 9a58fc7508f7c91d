import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zip } from './zip.ts';

const run = promisify(execFile);
const limitMs = 120_000;

/**
 * Packages of Python as the distribution has them, made into wheels for a directory of a repository, so that a requirements file can be met where no index
 * of Python can be reached.
 */
export async function writeWheels(directory: string, packages: readonly string[]): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'cutover-bench-wheels-'));
  try {
    const options = { cwd: work, timeout: limitMs };
    await run('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...packages], options);
    for (const file of await readdir(work)) await run('dpkg-deb', ['-x', file, join(work, 'root')], options);
    await mkdir(directory, { recursive: true });
    const modules = join(work, 'root/usr/lib/python3/dist-packages');
    const names = await readdir(modules);
    for (const name of names.filter((entry) => entry.endsWith('.egg-info'))) {
      await writeWheel(modules, name, directory);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** By the description that setuptools leaves: what is at the top, what it is called, which programs it brings. */
async function writeWheel(modules: string, egg: string, directory: string): Promise<void> {
  const about = join(modules, egg);
  const description = await readFile((await stat(about)).isDirectory() ? join(about, 'PKG-INFO') : about, 'utf8');
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(description)?.[1] ?? '';
  const [name, version] = [field('Name').replaceAll(/[-.]+/g, '_'), field('Version')];
  const read = (file: string) => readFile(join(about, file), 'utf8').catch(() => '');
  const tops = (await read('top_level.txt')).split('\n').filter((line) => line !== '');
  const info = `${name}-${version}.dist-info`;
  const files = new Map<string, Buffer>();
  for (const top of tops) await addFiles(files, modules, top);
  const tag = [...files.keys()].some((file) => file.endsWith('.so')) ? 'cp311-cp311-linux_x86_64' : 'py3-none-any';
  files.set(`${info}/METADATA`, Buffer.from(description));
  files.set(
    `${info}/WHEEL`,
    Buffer.from(`Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: false\nTag: ${tag}\n`),
  );
  files.set(`${info}/entry_points.txt`, Buffer.from(await read('entry_points.txt')));
  files.set(`${info}/RECORD`, Buffer.from([...files.keys(), `${info}/RECORD`].map((file) => `${file},,\n`).join('')));
  await writeFile(join(directory, `${name}-${version}-${tag}.whl`), zip(files));
}

async function addFiles(files: Map<string, Buffer>, root: string, top: string): Promise<void> {
  const entries = await readdir(join(root, top), { recursive: true, withFileTypes: true }).catch(() => null);
  if (entries === null) {
    files.set(`${top}.py`, await readFile(join(root, `${top}.py`)));
    return;
  }
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(root.length + 1), await readFile(path));
  }
}
