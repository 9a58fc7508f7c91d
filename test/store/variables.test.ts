import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { owner, repository, startTestConfiguration } from './test-configuration.ts';

test('4.2 the values of variables are neither in any table nor in any file of the database', async () => {
  await using configuration = await startTestConfiguration();
  const { commands } = configuration;
  await commands.projects.create(owner, { name: 'app', repository });
  const marker = 'nobody-may-read-this-on-the-disk';
  await commands.variables.set(owner, 'app', null, [
    { name: 'HIDDEN', value: marker, secret: true },
    { name: 'SHOWN', value: `${marker}-either`, secret: false },
  ]);
  const { db } = configuration.database;
  const { rows } = await sql<{ line: string }>`select variable::text as line from variable`.execute(db);
  assert.ok(rows.some(({ line }) => line.includes('HIDDEN')));
  assert.ok(!rows.some(({ line }) => line.includes(marker)));
  await sql`checkpoint`.execute(db);
  const data = join(configuration.postgres.directory, 'postgres', 'data');
  const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const contents = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name))));
  assert.ok(contents.some((content) => content.includes('HIDDEN')));
  assert.ok(!contents.some((content) => content.includes(marker)));
});
