import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** A source file and what it imports. Paths are relative to `src`, with `/`. */
export interface Module {
  readonly path: string;
  readonly source: string;
  /** Paths of our own modules, types included: a type is a dependency too. */
  readonly internal: readonly string[];
  /** Those of them that are loaded when this one is: types are erased. */
  readonly loaded: readonly string[];
  /** Everything else: `node:fs`, `zod`. */
  readonly external: readonly string[];
}

/** Every TypeScript file below a directory, relative to it. */
export function readSources(root: string): Map<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return new Map(files.toSorted().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

export function parseModules(sources: ReadonlyMap<string, string>): Module[] {
  return [...sources].map(([path, source]) => {
    const imports = findImports(source);
    const own = imports.filter((one) => one.specifier.startsWith('.'));
    const resolve = (one: Import) => posix.join(posix.dirname(path), one.specifier);
    return {
      path,
      source,
      internal: own.map(resolve),
      loaded: own.filter((one) => !one.erased).map(resolve),
      external: imports.filter((one) => !own.includes(one)).map((one) => one.specifier),
    };
  });
}

export interface Import {
  readonly specifier: string;
  /** Only types: nothing is loaded at run time. */
  readonly erased: boolean;
}

const importForms = [
  // import … from 'x', export … from 'x', over several lines; never across a `;` or a quote
  /^[ \t]*(?:import|export)\b(?<clause>[^;'"`]*?)\bfrom\s*['"](?<specifier>[^'"]+)['"]/gm,
  // import 'x'
  /^[ \t]*import\s*['"](?<specifier>[^'"]+)['"]/gm,
  // import('x'), also as a type
  /(?<clause>[:<|&]\s*|\btypeof\s+)?\bimport\(\s*['"](?<specifier>[^'"]+)['"]/g,
];

/** What a file imports, in whatever form. */
export function findImports(source: string): Import[] {
  return importForms.flatMap((form) =>
    [...source.matchAll(form)].map(({ groups }) => ({
      specifier: groups?.['specifier'] ?? '',
      erased: /^\s*(?:type\s*[^,\s]|[:<|&]|typeof)/.test(groups?.['clause'] ?? ''),
    })),
  );
}

export function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}
