import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildVariables } from '../../../src/domain/build-secrets.ts';
import { variablesFor } from '../../../src/engine/commands/variables-snapshot.ts';
import { configurationBench, owner, refusal, repository, type ConfigurationBench } from './configuration-bench.ts';
import type { OpenHarness, StoreHarness } from './harness.ts';

const plain = (name: string, value: string) => ({ name, value, secret: false });
const secret = (name: string, value: string) => ({ name, value, secret: true });

export function variableConformance(open: OpenHarness): void {
  let stores: StoreHarness;
  let configuration: ConfigurationBench;
  let commands: ConfigurationBench['commands'];
  before(async () => {
    stores = await open();
    configuration = configurationBench(stores.configuration);
    ({ commands } = configuration);
    await commands.projects.create(owner, { name: 'app', repository });
    await commands.environments.create(owner, 'app', { name: 'staging' });
  });
  after(() => stores[Symbol.asyncDispose]());

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
      build: [],
    });
  });

  test('those for builds are known by name, at whichever level they are asked for', async () => {
    const scopeOfBoth = await scope('staging');
    await commands.variables.set(owner, 'app', null, [{ ...secret('FOR_BUILD', 'p'), build: true }, plain('NOT', 'n')]);
    await commands.variables.set(owner, 'app', 'staging', [secret('FOR_BUILD', 'e')]);
    const opened = await variablesFor(configuration.store.variables, configuration.secretBox, scopeOfBoth);
    assert.deepEqual(opened.build, ['FOR_BUILD']);
    assert.deepEqual(buildVariables(opened), { FOR_BUILD: 'e' });
    const listed = await commands.variables.list(owner, 'app', 'staging');
    const flags = listed.filter(({ name }) => name === 'FOR_BUILD').map(({ level, build }) => [level, build]);
    assert.deepEqual(flags, [
      ['project', true],
      ['environment', false],
    ]);
    await commands.variables.set(owner, 'app', null, [secret('FOR_BUILD', 'p')]);
    const taken = await variablesFor(configuration.store.variables, configuration.secretBox, scopeOfBoth);
    assert.deepEqual(taken.build, []);
    await commands.variables.unset(owner, 'app', null, ['FOR_BUILD', 'NOT']);
    await commands.variables.unset(owner, 'app', 'staging', ['FOR_BUILD']);
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
    const { variables } = configuration.store;
    const scopeOfBoth = await scope('staging');
    const rows = await variables.list(scopeOfBoth);
    const [from, to] = ['FROM', 'TO'].map((name) => rows.find((row) => row.name === name));
    assert.ok(from !== undefined && to !== undefined);
    await variables.set(scopeOfBoth, [
      { id: to.id, name: to.name, secret: to.secret, build: false, sealed: from.sealed },
    ]);
    await assert.rejects(variablesFor(variables, configuration.secretBox, await scope('staging')));
    await commands.variables.unset(owner, 'app', 'staging', ['FROM', 'TO']);
  });
}
