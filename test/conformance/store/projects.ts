import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import {
  actor,
  configurationBench,
  owner,
  refusal,
  repository,
  type ConfigurationBench,
} from './configuration-bench.ts';
import type { OpenHarness, StoreHarness } from './harness.ts';

export function projectConformance(open: OpenHarness): void {
  let stores: StoreHarness;
  let configuration: ConfigurationBench;
  let commands: ConfigurationBench['commands'];
  before(async () => {
    stores = await open();
    configuration = configurationBench(stores.configuration);
    ({ commands } = configuration);
  });
  after(() => stores[Symbol.asyncDispose]());

  test('a project comes with production, the default settings (rule 4.1) and its host', async () => {
    const project = await commands.projects.create(owner, { name: 'shop', repository, branch: 'trunk' });
    assert.deepEqual(await commands.projects.get(owner, 'shop'), project);
    const [production, ...others] = await commands.environments.list(owner, 'shop');
    assert.deepEqual(others, []);
    assert.equal(production?.name, 'production');
    assert.deepEqual(production.hosts, ['shop.example.test']);
    assert.deepEqual(production.settings, { ...defaultEnvironmentSettings, branch: 'trunk' });
    assert.equal(production.currentDeploymentId, null);
    assert.match(project.createdAt, /^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/);
  });

  test('a name is taken once, also when two ask at the same time', async () => {
    const attempts = Array.from({ length: 5 }, () => commands.projects.create(owner, { name: 'raced', repository }));
    const results = await Promise.allSettled(attempts);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) {
      if (result.status === 'rejected') refusal('already_exists', /raced/)(result.reason);
    }
    assert.equal((await commands.environments.list(owner, 'raced')).length, 1);
  });

  test('an environment name is taken once per project, also when two ask at the same time', async () => {
    await commands.projects.create(owner, { name: 'pair', repository });
    const attempts = Array.from({ length: 5 }, () => commands.environments.create(owner, 'pair', { name: 'staging' }));
    const results = await Promise.allSettled(attempts);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const result of results) {
      if (result.status === 'rejected') refusal('already_exists', /staging/)(result.reason);
    }
  });

  test('a host belongs to one environment; a refused project leaves nothing', async () => {
    await commands.projects.create(owner, { name: 'web', repository });
    await commands.environments.create(owner, 'web', { name: 'staging' });
    await assert.rejects(
      commands.projects.create(owner, { name: 'staging-web', repository }),
      refusal('host_taken', /staging-web\.example\.test/),
    );
    await assert.rejects(commands.projects.get(owner, 'staging-web'), refusal('not_found'));
    await commands.projects.create(owner, { name: 'b-web', repository });
    await assert.rejects(commands.environments.create(owner, 'web', { name: 'b' }), refusal('host_taken'));
  });

  test('names that are no DNS label, are reserved, or make too long a host are refused', async () => {
    const long = 'a'.repeat(40);
    for (const name of [
      '',
      'Shop',
      '-a',
      'a-',
      'a.b',
      'a_b',
      `${long}a`,
      'cutover',
      'api',
      '--upload-pack=x',
      '../x',
    ]) {
      await assert.rejects(commands.projects.create(owner, { name, repository }), refusal('invalid_input', /name/));
    }
    await commands.projects.create(owner, { name: long, repository });
    await assert.rejects(commands.environments.create(owner, long, { name: long }), refusal('invalid_input', /63/));
    await assert.rejects(commands.environments.create(owner, long, { name: 'www' }), refusal('invalid_input', /www/));
  });

  test('a repository or branch that is refused is not stored', async () => {
    await commands.projects.create(owner, { name: 'source', repository });
    const bad = { repository: 'ext::sh -c x' };
    await assert.rejects(commands.projects.create(owner, { name: 'bad', ...bad }), refusal('repository_refused'));
    await assert.rejects(commands.projects.update(owner, 'source', bad), refusal('repository_refused'));
    const branch = '--upload-pack=touch x';
    await assert.rejects(commands.projects.create(owner, { name: 'bad', repository, branch }), refusal('ref_invalid'));
    await assert.rejects(
      commands.environments.update(owner, 'source', 'production', { branch }),
      refusal('ref_invalid'),
    );
    assert.equal((await commands.projects.get(owner, 'source')).repository, repository);
  });

  test('2.3 a project need not have a repository, and can be given one', async () => {
    const { repository: none } = await commands.projects.create(owner, { name: 'images-only', repository: null });
    assert.equal(none, null);
    await commands.projects.update(owner, 'images-only', { build: { preset: 'node' } });
    assert.equal((await commands.projects.get(owner, 'images-only')).repository, null);
    assert.equal((await commands.projects.update(owner, 'images-only', { repository })).repository, repository);
  });

  test('a repository that the GitHub App may read is given to a project only by who may make projects', async () => {
    const [mine, foreign] = ['https://github.com/acme/shop.git', 'https://github.com/acme/payroll.git'];
    await commands.projects.create(owner, { name: 'on-github', repository: mine });
    const developer = actor('developer', 'on-github');
    const update = (who: typeof owner, wanted: string) =>
      commands.projects.update(who, 'on-github', { repository: wanted });
    await assert.rejects(update(developer, foreign), refusal('forbidden', /who may make projects/));
    assert.equal((await commands.projects.get(owner, 'on-github')).repository, mine);
    assert.equal((await update(developer, mine)).repository, mine, 'it has that already');
    assert.equal((await update(developer, repository)).repository, repository, 'the App has no say there');
    assert.equal((await update(owner, foreign)).repository, foreign);
  });

  test('a change of settings is merged into what is there and names the field it refuses', async () => {
    await commands.projects.create(owner, { name: 'tuned', repository, build: { directory: 'apps/web' } });
    const { build } = await commands.projects.update(owner, 'tuned', { build: { preset: 'node' } });
    assert.deepEqual([build.directory, build.preset], ['apps/web', 'node']);
    await commands.environments.update(owner, 'tuned', 'production', { replicas: 3, health: { path: '/up' } });
    const { settings } = await commands.environments.update(owner, 'tuned', 'production', { memoryMb: 64 });
    assert.deepEqual([settings.replicas, settings.memoryMb, settings.health.path], [3, 64, '/up']);
    assert.equal(settings.health.timeoutMs, 3_000);
    await assert.rejects(
      commands.environments.update(owner, 'tuned', 'production', { replicas: 33 }),
      refusal('invalid_input', /^replicas must be a whole number from 1 to 32$/),
    );
    await assert.rejects(
      commands.projects.update(owner, 'tuned', { build: { directory: '../..' } }),
      refusal('invalid_input', /^build\.directory /),
    );
    assert.deepEqual((await commands.environments.get(owner, 'tuned', 'production')).settings, settings);
  });

  test('changes at the same time are all kept', async () => {
    await commands.projects.create(owner, { name: 'busy', repository });
    await Promise.all([
      commands.environments.update(owner, 'busy', 'production', { replicas: 2 }),
      commands.environments.update(owner, 'busy', 'production', { memoryMb: 128 }),
      commands.environments.update(owner, 'busy', 'production', { port: 8080 }),
    ]);
    const { settings } = await commands.environments.get(owner, 'busy', 'production');
    assert.deepEqual([settings.replicas, settings.memoryMb, settings.port], [2, 128, 8080]);
  });

  test('what is being deleted is as good as gone, its name stays taken, and the engine is woken', async () => {
    await commands.projects.create(owner, { name: 'doomed', repository });
    await commands.environments.create(owner, 'doomed', { name: 'staging' });
    const wakes = configuration.wakes();
    await commands.environments.delete(owner, 'doomed', 'staging');
    await assert.rejects(commands.environments.get(owner, 'doomed', 'staging'), refusal('not_found', /staging/));
    assert.equal((await commands.environments.list(owner, 'doomed')).length, 1);
    await commands.projects.delete(owner, 'doomed');
    await commands.projects.delete(owner, 'doomed');
    assert.equal(configuration.wakes(), wakes + 3);
    await assert.rejects(commands.projects.get(owner, 'doomed'), refusal('not_found', /doomed/));
    await assert.rejects(commands.environments.create(owner, 'doomed', { name: 'x' }), refusal('not_found'));
    await assert.rejects(commands.projects.create(owner, { name: 'doomed', repository }), refusal('already_exists'));
    const doomed = (await stores.world.deletions()).find(({ projectName }) => projectName === 'doomed');
    assert.deepEqual([doomed?.kind, doomed?.environmentName], ['project', null]);
    assert.deepEqual(await stores.configuration.environments.list(doomed?.projectId ?? ''), []);
  });

  test('unknown names are not found', async () => {
    await assert.rejects(commands.projects.get(owner, 'nothing'), refusal('not_found', /"nothing"/));
    await assert.rejects(commands.projects.update(owner, 'nothing', {}), refusal('not_found'));
    await assert.rejects(commands.projects.delete(owner, 'nothing'), refusal('not_found'));
    await assert.rejects(commands.environments.get(owner, 'shop', 'nothing'), refusal('not_found', /"nothing"/));
    await assert.rejects(commands.environments.delete(owner, 'shop', 'nothing'), refusal('not_found'));
  });

  test('a token of one project lists that project only', async () => {
    const listed = await commands.projects.list(actor('viewer', 'shop'));
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['shop'],
    );
    assert.ok((await commands.projects.list(owner)).length > 1);
  });
}
