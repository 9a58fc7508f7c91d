import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import { withPackageLists } from './debian-packages.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import { settleAll } from './settle-all.ts';

/** The Python of the machine's own distribution: the only one that its packages hold. */
export interface PythonPackages {
  /** "3.11" */
  readonly version: string;
  readonly debianPackages: readonly string[];
}

/** For NIS and Sun RPC, which nobody uses and which bring Kerberos. */
const leftOut = /^(?:libnsl2|libtirpc3(?:t64)?|mime-support)$/;

/** Errors: `base_image_failed` where the distribution has no Python 3. */
export async function findPython(run: ToolRun): Promise<PythonPackages> {
  return withPackageLists(run, async () => {
    const version = /\bpython3\.(\d+)\b/.exec((await dependsOf('python3', run)).join(' '))?.[1];
    if (version === undefined) throw new CutoverError('base_image_failed', 'the distribution has no package python3');
    const python = `python3.${version}`;
    const own = [python, `${python}-minimal`, `lib${python}-stdlib`, `lib${python}-minimal`];
    const libraries = (await settleAll(own.map((name) => dependsOf(name, run)))).flat();
    const wanted = libraries.filter((name) => /^lib|^zlib|^media-types/.test(name) && !leftOut.test(name));
    const wheels = [`${python}-venv`, 'python3-pip-whl', 'python3-setuptools-whl'];
    return { version: `3.${version}`, debianPackages: [...new Set([...own, ...wheels, ...wanted])].toSorted() };
  });
}

/** Names of the packages that one needs, the first of each choice. */
async function dependsOf(name: string, run: ToolRun): Promise<readonly string[]> {
  const text = await runTool('apt-cache', ['show', '--no-all-versions', '--', name], run);
  const lines = [...text.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)].map((match) => match[1] ?? '');
  return lines.flatMap((line) => line.split(',')).map((choice) => /^\s*([\w.+-]+)/.exec(choice)?.[1] ?? '');
}

/** Puts Python where the official images have it: `python`, `python3` and `pip` in `/usr/local/bin`, its modules compiled. */
export async function finishPython(version: string, root: string, run: ToolRun): Promise<void> {
  const program = `/usr/bin/python${version}`;
  const bin = join(root, 'usr/local/bin');
  const [wheel] = (await readdir(join(root, 'usr/share/python-wheels'))).filter((name) => name.startsWith('pip-'));
  await mkdir(bin, { recursive: true });
  await settleAll([
    ...['python', 'python3'].map((name) => symlink(program, join(bin, name))),
    symlink(program, join(root, 'usr/bin/python3')),
    writeFile(join(bin, 'pip'), `#!/bin/sh\nexec ${program} /usr/share/python-wheels/${wheel}/pip "$@"\n`),
    // The image is the app's own: nothing else manages its packages.
    rm(join(root, `usr/lib/python${version}/EXTERNALLY-MANAGED`), { force: true }),
  ]);
  await chmod(join(bin, 'pip'), 0o755);
  await compileModules(version, root, run);
}

/** By the image's own Python, started by its own loader: an app that may not write there would compile them at every start. */
async function compileModules(version: string, root: string, run: ToolRun): Promise<void> {
  const [loader] = (await readdir(join(root, 'usr/lib64'))).filter((name) => name.startsWith('ld-linux'));
  const triplet = (await readdir(join(root, 'usr/lib'))).find((name) => name.endsWith('-linux-gnu'));
  const interpreter =
    loader === undefined
      ? join(root, 'usr/lib', triplet ?? '', 'ld-linux-aarch64.so.1')
      : join(root, 'usr/lib64', loader);
  const modules = join(root, `usr/lib/python${version}`);
  const compile = ['-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash', '-s', root, '-p', '/', modules];
  const libraries = ['--library-path', join(root, 'usr/lib', triplet ?? '')];
  const python = [join(root, `usr/bin/python${version}`), ...compile];
  await runTool('env', [`PYTHONHOME=${join(root, 'usr')}`, interpreter, ...libraries, ...python], run);
}
