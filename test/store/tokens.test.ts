import assert from 'node:assert/strict';
import { test } from 'node:test';
import { owner, startTestConfiguration } from './test-configuration.ts';

test('9.4 the database holds a hash of a token and never the secret', async () => {
  await using configuration = await startTestConfiguration();
  const { tokens } = configuration.commands;
  const { secret, id } = await tokens.create(owner, { name: 'ci', role: 'developer', project: null });
  const row = await configuration.database.db
    .selectFrom('token')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  assert.ok(!JSON.stringify(row).includes(secret));
  assert.ok(!JSON.stringify(await tokens.list(owner)).includes(row.secret_hash));
});
