import type { Manifest } from './manifest.ts';

/** Programs that have another name than their package. */
const programs: Readonly<Record<string, string>> = {
  nest: '@nestjs/cli',
  tsc: 'typescript',
  'babel-node': '@babel/node',
  'remix-serve': '@remix-run/serve',
  'react-router-serve': '@react-router/serve',
};

/** The dev dependency that a start command runs or loads, such as `tsx`; null: it needs none. */
export function devPackageOf(command: readonly string[], manifest: Manifest): string | null {
  const words = command.join(' ').split(/[^\w@./-]+/);
  const named = new Set(words.map((word) => programs[word] ?? packageName(word)));
  return (
    Object.keys(manifest.devDependencies).find(
      (name) => named.has(name) && !(name in manifest.dependencies) && name !== 'node' && name !== 'npm',
    ) ?? null
  );
}

/** Of `ts-node/register`, `@swc-node/register/esm`, `node_modules/.bin/tsx`. */
function packageName(word: string): string {
  const path = word.replace(/^(?:\.\/)?node_modules\/(?:\.bin\/)?/, '');
  return /^(?:@[\w.-]+\/)?[\w.-]+/.exec(path)?.[0] ?? path;
}
