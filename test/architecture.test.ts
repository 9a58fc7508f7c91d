import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findImports, parseModules, readSources } from './architecture/modules.ts';
import * as rules from './architecture/rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readSources(join(root, 'src'));
const modules = parseModules(sources);

/** The rules applied to files that break them, to know that they can fail. */
function planted(files: Record<string, string>) {
  return parseModules(new Map(Object.entries(files)));
}

test('the scan sees the whole of src, and every relative import names a file', () => {
  assert.ok(modules.length > 50, `only ${modules.length} modules seen`);
  assert.ok(modules.filter((module) => module.internal.length > 0).length > 30);
  const missing = modules.flatMap((module) =>
    module.internal
      .filter((target) => !existsSync(join(root, 'src', target)))
      .map((target) => `${module.path}: ${target}`),
  );
  assert.deepEqual(missing, []);
});

test('the scan finds every form of import', () => {
  const source = `import a from 'a';
import type {
  B,
} from './b.ts';
import './c.ts';
export * from './d.ts';
export { e } from "./e.ts";
const f = await import('./f.ts');
let g: import('./g.ts').G;
export const text = "not an import from 'h'";
`;
  const found = findImports(source);
  const loaded = found.filter((one) => !one.erased).map((one) => one.specifier);
  const erased = found.filter((one) => one.erased).map((one) => one.specifier);
  assert.deepEqual(loaded.toSorted(), ['./c.ts', './d.ts', './e.ts', './f.ts', 'a']);
  assert.deepEqual(erased.toSorted(), ['./b.ts', './g.ts']);
});

test('rooms are entered by their doors only', () => {
  assert.deepEqual(rules.unknownRooms(modules), []);
  assert.deepEqual(rules.forbiddenImports(modules), []);
});

test('a forbidden import would be found', () => {
  const breaking = planted({
    'domain/a.ts': `import { b } from '../engine/b.ts';`,
    'engine/b.ts': `import type { S } from '../store/s.ts';`,
    'store/s.ts': `import { c } from '../engine/commands/c.ts';`,
    'drivers/router/r.ts': `import { d } from '../runtime/d.ts';`,
    'cli/x.ts': `import { e } from '../domain/e.ts';`,
    'http/y.ts': `import { w } from '../engine/workflows/w.ts';`,
  });
  assert.equal(rules.forbiddenImports(breaking).length, 6);
  const keeping = planted({
    'drivers/router/r.ts': `import { p } from '../../engine/ports/p.ts';\nimport { h } from './haproxy/h.ts';`,
    'daemon/main.ts': `import { r } from '../drivers/router/r.ts';`,
  });
  assert.deepEqual(rules.forbiddenImports(keeping), []);
});

test('domain and contract know neither Node nor libraries, but for zod in the contract', () => {
  assert.deepEqual(rules.impureImports(modules), []);
  const breaking = planted({
    'domain/a.ts': `import 'node:fs';`,
    'contract/b.ts': `import { z } from 'zod';\nimport p from 'pg';`,
  });
  assert.deepEqual(rules.impureImports(breaking), [
    'domain/a.ts may not import node:fs',
    'contract/b.ts may not import pg',
  ]);
});

test('modules do not load each other in a circle', () => {
  assert.deepEqual(rules.importCycles(modules), []);
  const breaking = planted({
    'a/1.ts': `import './2.ts';`,
    'a/2.ts': `import './3.ts';`,
    'a/3.ts': `import './2.ts';`,
  });
  assert.deepEqual(rules.importCycles(breaking), ['a/2.ts -> a/3.ts -> a/2.ts']);
});

test('only the daemon reads the environment', () => {
  assert.deepEqual(rules.environmentReaders(modules), []);
  assert.deepEqual(rules.environmentReaders(planted({ 'cli/a.ts': `const x = process.env['X'];` })), ['cli/a.ts']);
});

test('no file is longer than 400 lines, and no name is empty of meaning', () => {
  const all = new Map([
    ...[...sources].map(([path, source]) => [`src/${path}`, source] as const),
    ...[...readSources(join(root, 'test'))].map(([path, source]) => [`test/${path}`, source] as const),
  ]);
  assert.deepEqual(rules.longFiles(all), []);
  assert.deepEqual(rules.emptyNames(all.keys()), []);
  assert.deepEqual(rules.longFiles(new Map([['long.ts', 'x\n'.repeat(401)]])), ['long.ts has 401 lines']);
  assert.deepEqual(rules.emptyNames(['a/utils/b.ts', 'a/helper.ts', 'common.ts', 'a/uncommon.ts']).length, 3);
});
