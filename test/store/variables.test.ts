import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { variablesFor } from '../../src/engine/commands/variables-snapshot.ts';
import { owner, refusal, repository, startTestConfiguration, type TestConfiguration } from './test-configuration.ts';

const plain = (name: string, value: string) => ({ name, value, secret: false });
const secret = (name: string, value: string) => ({ name, value, secret: true });

describe('variables (rule 4.2)', () => {
  let configuration: TestConfiguration;
  let commands: TestConfiguration['commands'];
  before(async () => {
    configuration = await startTestConfiguration();
    ({ commands } = configuration);
    await commands.projects.create(owner, { name: 'app', repository });
    await commands.environments.create(owner, 'app', { name: 'staging' });
  });
  after(() => configuration[Symbol.asyncDispose]());

  async function scope(environment: string) {
    const { projectId, id } = await commands.environments.get(owner, 'app', environment);
    return { projectId, environmentId: id };
  }

  test('are listed by name and level, with the values of secrets left out', async () => {
    await commands.variables.set(owner, 'app', null, [plain('LOG', 'info'), secret('KEY', 'k1')]);
    await commands.variables.set(owner, 'app', 'production', [plain('LOG', 'warn')]);
    const listed = await commands.variables.list(owner, 'app', 'production');
    assert.deepEqual(
      listed.map(({ name, value, secret: hidden, level }) => [name, value, hidden, level]),
      [
        ['KEY', '', true, 'project'],
        ['LOG', 'info', false, 'project'],
        ['LOG', 'warn', false, 'environment'],
      ],
    );
    const projectLevel = await commands.variables.list(owner, 'app', null);
    assert.deepEqual(
      projectLevel.map(({ name }) => name),
      ['KEY', 'LOG'],
    );
    assert.equal((await commands.variables.list(owner, 'app', 'staging')).length, 2);
  });

  test('are replaced as a whole, and the snapshot has both levels in the clear', async () => {
    await commands.variables.set(owner, 'app', null, [secret('KEY', 'k2'), plain('EMPTY', '')]);
    await commands.variables.set(owner, 'app', 'staging', [secret('ONLY', 's')]);
    const opened = await variablesFor(configuration.store.variables, configuration.secretBox, await scope('staging'));
    assert.deepEqual(opened, {
      project: { KEY: 'k2', LOG: 'info', EMPTY: '' },
      environment: { ONLY: 's' },
      secrets: ['k2', 's'],
    });
  });

  test('set at the same time in another order do not wait for each other, and one of each stays', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `RACE_${index}`);
    const values = names.map((name) => plain(name, 'x'));
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        commands.variables.set(owner, 'app', 'staging', index % 2 === 0 ? values : values.toReversed()),
      ),
    );
    const unset = await commands.variables.unset(owner, 'app', 'staging', [...names, 'NEVER_WAS']);
    assert.deepEqual(unset.toSorted(), names.toSorted());
  });

  test('are unset at the level named and at no other', async () => {
    await commands.variables.set(owner, 'app', null, [plain('BOTH', '1')]);
    await commands.variables.set(owner, 'app', 'production', [plain('BOTH', '2')]);
    assert.deepEqual(await commands.variables.unset(owner, 'app', 'production', ['BOTH']), ['BOTH']);
    assert.deepEqual(await commands.variables.unset(owner, 'app', 'production', ['BOTH']), []);
    assert.deepEqual(await commands.variables.unset(owner, 'app', 'production', []), []);
    const { project, environment } = await variablesFor(
      configuration.store.variables,
      configuration.secretBox,
      await scope('production'),
    );
    assert.deepEqual([project.BOTH, environment.BOTH], ['1', undefined]);
  });

  for (const [what, variables] of Object.entries({
    'a name that starts with a digit': [plain('1A', 'x')],
    'a name with a hyphen': [plain('A-B', 'x')],
    'what the platform sets: PORT': [plain('PORT', '1')],
    'what the platform sets: HOST': [plain('HOST', 'x')],
    'what the platform sets: CUTOVER_URL': [plain('CUTOVER_URL', 'x')],
    'a NUL in the value': [plain('A', 'x\0')],
    'a value longer than a process can be given': [plain('A', 'é'.repeat(60_000))],
    'a name given twice': [plain('TWICE', '1'), secret('TWICE', '2')],
  })) {
    test(`refused: ${what}; nothing of the call is kept`, async () => {
      const call = commands.variables.set(owner, 'app', 'staging', [plain('GOOD', 'x'), ...variables]);
      await assert.rejects(call, refusal('invalid_input'));
      const listed = await commands.variables.list(owner, 'app', 'staging');
      assert.ok(!listed.some(({ name }) => name === 'GOOD'));
    });
  }

  test('a value moved to another row cannot be opened', async () => {
    await commands.variables.set(owner, 'app', 'staging', [secret('FROM', 'a'), secret('TO', 'b')]);
    const { db } = configuration.database;
    const from = await db.selectFrom('variable').select('sealed').where('name', '=', 'FROM').executeTakeFirstOrThrow();
    await db.updateTable('variable').set({ sealed: from.sealed }).where('name', '=', 'TO').execute();
    const { variables } = configuration.store;
    await assert.rejects(variablesFor(variables, configuration.secretBox, await scope('staging')));
    await commands.variables.unset(owner, 'app', 'staging', ['FROM', 'TO']);
  });

  test('values are neither in any table nor in any file of the database', async () => {
    const marker = 'nobody-may-read-this-on-the-disk';
    await commands.variables.set(owner, 'app', null, [secret('HIDDEN', marker), plain('SHOWN', `${marker}-either`)]);
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
});
