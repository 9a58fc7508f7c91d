import { appendFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import { pipeTools, runTool } from './run-tool.ts';
import type { ToolRun } from './run-tool.ts';

/** Documentation is of no use in an image; licences (`copyright`) stay. */
const leftOut = ['./usr/share/man', './usr/share/locale', './usr/share/lintian', './usr/share/doc/*/changelog*'];

/**
 * Fetches the packages of the machine's own distribution into the working directory; apt checks their hashes.
 * Returns the file of each package by its name.
 */
export async function downloadPackages(names: readonly string[], run: ToolRun): Promise<ReadonlyMap<string, string>> {
  // A directory of our own is not readable to apt's unprivileged user, and it would say so for each package.
  const download = ['-o', 'APT::Sandbox::User=root', 'download', ...names];
  await withPackageLists(run, () => runTool('apt-get', download, run));
  return filesByPackage(names, await readdir(run.cwd), run.cwd);
}

/** Once more with new package lists where it fails: a fresh machine has none yet, or stale ones. */
export async function withPackageLists<T>(run: ToolRun, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (process.getuid?.() !== 0 || run.signal.aborted) throw error;
    await runTool('apt-get', ['update'], run);
    return work();
  }
}

function filesByPackage(names: readonly string[], files: readonly string[], directory: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of names) {
    const file = files.find((candidate) => candidate.startsWith(`${name}_`) && candidate.endsWith('.deb'));
    if (file === undefined) throw new CutoverError('base_image_failed', `apt-get downloaded no file for ${name}`);
    found.set(name, join(directory, file));
  }
  return found;
}

/** Unpacks one package without running its scripts, and records it where scanners look for what is installed. */
export async function unpackPackage(file: string, root: string, run: ToolRun): Promise<void> {
  const exclude = leftOut.map((pattern) => `--exclude=${pattern}`);
  // The root has merged directories (`/lib` is a link); packages of Debian 12 still ship files below `./lib`.
  const extract = ['tar', '-x', '-p', '--no-same-owner', '--keep-directory-symlink', ...exclude, '-C', root] as const;
  await pipeTools(['dpkg-deb', '--fsys-tarfile', file], extract, run);
  const control = await runTool('dpkg-deb', ['--field', file], run);
  await mkdir(join(root, 'var/lib/dpkg'), { recursive: true });
  await appendFile(join(root, 'var/lib/dpkg/status'), statusEntry(control));
}

/** One paragraph of `/var/lib/dpkg/status`. */
export function statusEntry(control: string): string {
  return `${control.trim().replace(/^(Package: .*)$/m, '$1\nStatus: install ok installed')}\n\n`;
}
