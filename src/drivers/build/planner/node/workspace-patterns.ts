import { notDetected } from '../app.ts';
import type { AppFiles } from '../app-files.ts';

/** `**` is looked into so far; deeper members exist nowhere but in tests of package managers. */
const deepest = 5;
const mostDirectories = 5_000;

/** True for a path that a list such as `packages/*`, `apps/**`, `!apps/old` names; the last that says something wins. */
export function matchesPatterns(path: string, patterns: readonly string[]): boolean {
  let matches = false;
  for (const pattern of patterns) {
    if (toExpression(pattern.replace(/^!/, '')).test(path)) matches = !pattern.startsWith('!');
  }
  return matches;
}

/** Directories with a package.json that the patterns name, sorted. Errors: `app_not_detected` when there are too many to look through. */
export async function expandPatterns(files: AppFiles, patterns: readonly string[]): Promise<readonly string[]> {
  const depth = Math.max(
    0,
    ...patterns.map((pattern) => (pattern.includes('**') ? deepest : segments(pattern).length)),
  );
  const found: string[] = [];
  let level: readonly string[] = [''];
  let looked = 0;
  for (let deep = 0; deep < depth; deep += 1) {
    const next: string[] = [];
    for (const directory of level) {
      for (const child of await subdirectories(files, directory)) next.push(child);
      looked += 1;
      if (looked > mostDirectories) throw notDetected('the workspace has too many directories to look through');
    }
    for (const child of next) {
      if (matchesPatterns(child, patterns) && (await files.isFile(`${child}/package.json`))) found.push(usable(child));
    }
    level = next;
  }
  return found.toSorted();
}

async function subdirectories(files: AppFiles, directory: string): Promise<readonly string[]> {
  const names = await files.list(directory === '' ? '.' : directory);
  const children: string[] = [];
  for (const name of names) {
    if (name.startsWith('.') || name === 'node_modules') continue;
    const path = directory === '' ? name : `${directory}/${name}`;
    if (await files.isDirectory(path)) children.push(path);
  }
  return children;
}

/** Paths become part of a Dockerfile. */
function usable(path: string): string {
  if (/^[\w@.+/-]+$/.test(path)) return path;
  throw notDetected(`the workspace has a directory whose name no Dockerfile can hold: ${JSON.stringify(path)}`);
}

function segments(pattern: string): readonly string[] {
  return pattern.split('/').filter((part) => part !== '' && part !== '.');
}

/** More than a few stars can take as long to try as their author likes. */
const mostStars = 2;

function toExpression(pattern: string): RegExp {
  const intricate = segments(pattern).some((part) => part !== '**' && part.split('*').length - 1 > mostStars);
  if (intricate || segments(pattern).filter((part) => part === '**').length > mostStars) {
    throw notDetected(`the workspace has a pattern with too many stars: ${JSON.stringify(pattern.slice(0, 100))}`);
  }
  const parts = segments(pattern).map((part) => {
    if (part === '**') return '(?:[^/]+/)*[^/]+';
    const text = part
      .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]');
    return text.replaceAll(/\\\{([^{}]*)\\\}/g, (_, list: string) => `(?:${list.split(',').join('|')})`);
  });
  return new RegExp(`^${parts.join('/')}$`);
}
