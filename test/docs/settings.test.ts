import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** They say where a user keeps things in general, and are no settings of ours. */
const notOurs = ['HOME', 'XDG_DATA_HOME'];

test('docs/operations.md lists exactly the settings that the daemon reads', () => {
  const readByDaemon = [...read('src/daemon/environment-variables.ts').matchAll(/'([A-Z][A-Z_]+)'/g)].map(
    (match) => match[1],
  );
  const documented = [...read('docs/operations.md').matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map((match) => match[1]);
  assert.ok(readByDaemon.length > 10);
  assert.deepEqual(documented.toSorted(), readByDaemon.filter((name) => !notOurs.includes(name ?? '')).toSorted());
});
