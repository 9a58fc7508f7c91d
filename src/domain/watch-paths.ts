/**
 * Watch paths (rule 3.3): patterns of paths from the repository's root. `*` and `?` stand for anything in one segment, `**` for any number
 * of segments; a pattern stands for everything below it too. One that begins with `!` takes back what earlier ones took; of all that fit,
 * the last decides.
 */

const longestPattern = 256;
export const mostWatchPaths = 100;

/** What is wrong with a pattern, as "must …"; null: nothing is. */
export function watchPathProblem(pattern: string): string | null {
  const path = pattern.replace(/^!/, '');
  const legal =
    path.length > 0 &&
    path.length <= longestPattern &&
    !/[\p{Cc}\\]/u.test(path) &&
    !/^[/!]/.test(path) &&
    !hasDots(path);
  return legal ? null : 'must be paths inside the repository, such as apps/web/** or !**/*.md';
}

function hasDots(path: string): boolean {
  return path.split('/').some((segment) => segment === '..' || segment === '.');
}

/** The first of the paths that is watched; null: none is. Without patterns every path is. */
export function watchedPath(patterns: readonly string[], paths: readonly string[]): string | null {
  return paths.find((path) => isWatched(patterns, path)) ?? null;
}

/** Where all patterns take something back, everything else is watched. */
function isWatched(patterns: readonly string[], path: string): boolean {
  const segments = path.split('/');
  const last = patterns.findLast((pattern) => fits(pattern.replace(/^!/, ''), segments));
  if (last !== undefined) return !last.startsWith('!');
  return patterns.every((pattern) => pattern.startsWith('!'));
}

function fits(pattern: string, path: readonly string[]): boolean {
  const segments = pattern.replace(/\/+$/, '').split('/');
  const below = segments.at(-1) === '**' ? segments : [...segments, '**'];
  return matches(below, path, { any: '**', one: segmentFits });
}

function segmentFits(pattern: string, segment: string): boolean {
  return matches(pattern.split(''), segment.split(''), {
    any: '*',
    one: (part, letter) => part === '?' || part === letter,
  });
}

interface Wildcards {
  /** Stands for any number of items. */
  readonly any: string;
  readonly one: (pattern: string, item: string) => boolean;
}

/** Takes as many steps as both are long multiplied, whatever stands in them: the last `any` alone is ever tried again. */
function matches(pattern: readonly string[], items: readonly string[], { any, one }: Wildcards): boolean {
  let at = 0;
  let retry: { readonly pattern: number; item: number } | null = null;
  let item = 0;
  while (item < items.length) {
    const part = pattern[at];
    if (part === any) {
      retry = { pattern: at, item };
      at += 1;
    } else if (part !== undefined && one(part, items[item] ?? '')) {
      at += 1;
      item += 1;
    } else if (retry === null) return false;
    else {
      retry.item += 1;
      item = retry.item;
      at = retry.pattern + 1;
    }
  }
  return pattern.slice(at).every((part) => part === any);
}
