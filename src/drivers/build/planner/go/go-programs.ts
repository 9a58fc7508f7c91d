import type { AppFiles } from '../app-files.ts';

/** A directory with `package main`, relative to the app's; '' is the app's own. */
export interface GoProgram {
  readonly directory: string;
  /** Of the binary. */
  readonly name: string;
}

const mostDirectories = 200;

/** Programs of a module: its own directory, then those below `cmd`, then other directories right below it. */
export async function findGoPrograms(files: AppFiles, module: string | null): Promise<readonly GoProgram[]> {
  const found: GoProgram[] = [];
  if (await hasMain(files, '')) found.push({ directory: '', name: lastPart(module ?? '') || 'app' });
  const below = await files.list('cmd');
  if (await hasMain(files, 'cmd')) found.push({ directory: 'cmd', name: 'cmd' });
  const candidates = [...below.map((name) => `cmd/${name}`), ...files.names.filter((name) => name !== 'cmd')];
  for (const directory of candidates.slice(0, mostDirectories)) {
    const usable =
      /^[\w./-]+$/.test(directory) &&
      !/(?:^|\/)(?:\.|_|vendor$|testdata$|internal$|examples?$|tools?$|scripts?$)/.test(directory);
    if (usable && (await hasMain(files, directory))) found.push({ directory, name: lastPart(directory) });
  }
  return found;
}

/** The one that answers requests, as far as names say it; null where they do not. */
export function chooseGoProgram(programs: readonly GoProgram[], module: string | null): GoProgram | null {
  const own = programs.find(({ directory }) => directory === '');
  if (own !== undefined) return own;
  const [only] = programs;
  if (programs.length === 1 && only !== undefined) return only;
  const names = ['server', 'web', 'api', 'app', lastPart(module ?? '')];
  const named = names.map((name) => programs.find((program) => program.name === name));
  return named.find((program) => program !== undefined) ?? null;
}

/** `example.com/shop/v2`: `shop`. */
function lastPart(path: string): string {
  const parts = path.split('/').filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1)?.replaceAll(/[^\w.-]/g, '') ?? '';
}

/** Files that are built only where they are asked for do not count. */
async function hasMain(files: AppFiles, directory: string): Promise<boolean> {
  const names = (await files.list(directory === '' ? '.' : directory)).filter(
    (name) => name.endsWith('.go') && !name.endsWith('_test.go'),
  );
  for (const name of names.slice(0, mostDirectories)) {
    const text = (await files.read(directory === '' ? name : `${directory}/${name}`)) ?? '';
    if (/^package main\b/m.test(text) && !/^\/\/(?:go:build|\s*\+build) (?:ignore|tools)\b/m.test(text)) return true;
  }
  return false;
}
