import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bootstrapAdminToken } from '../../../src/engine/commands/tokens.ts';
import {
  actor,
  configurationBench,
  owner,
  refusal,
  repository,
  type ConfigurationBench,
} from './configuration-bench.ts';
import type { OpenHarness, StoreHarness } from './harness.ts';

export function tokenConformance(open: OpenHarness): void {
  let stores: StoreHarness;
  let configuration: ConfigurationBench;
  let tokens: ConfigurationBench['commands']['tokens'];
  const kept: string[] = [];
  const save = async (secret: string) => {
    kept.push(secret);
  };
  before(async () => {
    stores = await open();
    configuration = configurationBench(stores.configuration);
    ({ tokens } = configuration.commands);
    await configuration.commands.projects.create(owner, { name: 'app', repository });
  });
  after(() => stores[Symbol.asyncDispose]());

  test('a first token whose secret could not be kept does not count', async () => {
    const full = new Error('disk full');
    const attempt = bootstrapAdminToken(configuration.tokenDependencies, () => Promise.reject(full));
    await assert.rejects(attempt, full);
    assert.deepEqual(await tokens.list(owner), []);
  });

  test('the first start makes one admin token, also when two start at the same time; later ones make none', async () => {
    const { tokenDependencies } = configuration;
    const made = await Promise.all([1, 2, 3].map(() => bootstrapAdminToken(tokenDependencies, save)));
    assert.equal(made.filter(Boolean).length, 1);
    assert.equal(kept.length, 1);
    assert.equal(await bootstrapAdminToken(tokenDependencies, save), false);
    const who = await tokens.authenticate(kept[0] ?? '');
    assert.deepEqual([who?.role, who?.project], ['owner', null]);
  });

  test('a token is told with its name, role and project, and never with its secret', async () => {
    const { secret, id } = await tokens.create(owner, { name: 'ci', role: 'developer', project: 'app' });
    assert.deepEqual(await tokens.authenticate(secret), { tokenId: id, name: 'ci', role: 'developer', project: 'app' });
    const listed = await tokens.list(owner);
    assert.ok(listed.some((token) => token.id === id) && !JSON.stringify(listed).includes(secret));
    assert.equal(await stores.configuration.tokens.authenticate(secret), null, 'it is found by its hash');
  });

  test('what is unknown or revoked is nobody', async () => {
    assert.equal(await tokens.authenticate('cut_unknown'), null);
    const { secret, id } = await tokens.create(owner, { name: 'gone', role: 'viewer', project: null });
    await tokens.revoke(owner, id);
    assert.equal(await tokens.authenticate(secret), null);
    assert.ok(!(await tokens.list(owner)).some((token) => token.id === id));
    await assert.rejects(tokens.revoke(owner, id), refusal('not_found'));
    await assert.rejects(tokens.revoke(owner, 'not-even-an-id'), refusal('not_found'));
  });

  test('9.4 a token that has expired is nobody, and is not listed', async () => {
    const { store, newToken, hashToken, random } = configuration.tokenDependencies;
    const make = async (name: string, expiresInMs: number | null) => {
      const secret = newToken();
      const record = { id: random.id(), name, role: 'deployer', secretHash: hashToken(secret) } as const;
      await store.create(record, { project: 'app', environments: null, expiresInMs });
      return () => tokens.authenticate(secret);
    };
    const expired = await make('expired', 1);
    for (const since = performance.now(); (await expired()) !== null;) assert.ok(performance.now() - since < 5_000);
    const valid = await make('valid', 3_600_000);
    assert.equal((await valid())?.name, 'valid');
    const listed = await tokens.list(owner);
    assert.ok(!listed.some(({ name }) => name === 'expired'));
    const expiresAt = Date.parse(listed.find(({ name }) => name === 'valid')?.expiresAt ?? '');
    assert.ok(expiresAt - Date.parse(listed.at(-1)?.createdAt ?? '') > 3_500_000);
  });

  test('9.4 a token that may only deploy is for one project, and may be for some of its environments', async () => {
    const input = { name: 'ci', role: 'deployer', project: 'app' } as const;
    const { secret, id } = await tokens.create(owner, { ...input, environments: ['production'] });
    const who = await tokens.authenticate(secret);
    assert.deepEqual(who, { tokenId: id, ...input, environments: ['production'] });
    const refused = { ...input, environments: ['production', 'none'] };
    await assert.rejects(tokens.create(owner, refused), refusal('not_found', /none/));
    await assert.rejects(tokens.create(owner, { ...input, project: null }), refusal('invalid_input', /project/));
    const developer = { ...input, role: 'developer', environments: ['production'] } as const;
    await assert.rejects(tokens.create(owner, developer), refusal('invalid_input', /deployer/));
  });

  test('a token of a project that is deleted is valid nowhere', async () => {
    await configuration.commands.projects.create(owner, { name: 'brief', repository });
    const { secret } = await tokens.create(owner, { name: 'bound', role: 'admin', project: 'brief' });
    assert.equal((await tokens.authenticate(secret))?.project, 'brief');
    await configuration.commands.projects.delete(owner, 'brief');
    assert.equal(await tokens.authenticate(secret), null);
    const deletion = (await stores.world.deletions()).find(({ projectName }) => projectName === 'brief');
    assert.ok(deletion);
    await stores.world.erase(deletion);
    assert.equal(await tokens.authenticate(secret), null);
  });

  test('nobody gives away a role above their own, and names and projects are checked', async () => {
    const input = { name: 'x', role: 'owner', project: null } as const;
    await assert.rejects(tokens.create(actor('admin'), input), refusal('forbidden'));
    await assert.rejects(tokens.create(owner, { ...input, name: '' }), refusal('invalid_input', /name/));
    await assert.rejects(tokens.create(owner, { ...input, project: 'nothing' }), refusal('not_found', /nothing/));
  });

  test('a platform whose last admin token was revoked makes another at its next start', async () => {
    const everything = (await tokens.list(owner)).filter((token) => token.project === null);
    for (const token of everything) await tokens.revoke(owner, token.id);
    assert.equal(await bootstrapAdminToken(configuration.tokenDependencies, save), true);
    assert.equal((await tokens.authenticate(kept.at(-1) ?? ''))?.role, 'owner');
  });
}
