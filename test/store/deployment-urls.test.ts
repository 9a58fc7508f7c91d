import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { owner, refusal } from '../conformance/store/configuration-bench.ts';
import { PreviewBench } from './preview-bench.ts';

/** Rule 6: a URL that stays with one deployment of a preview. */
let bench: PreviewBench;
before(async () => {
  bench = await PreviewBench.open();
  await bench.commands.updateSettings(owner, 'my-app', { deploymentUrls: 2, limit: 2, sleepAfterMs: null });
});
after(() => bench[Symbol.asyncDispose]());

const sha = (digit: string) => digit.repeat(40);
const open = (branch: string, digit: string) => bench.commands.open(owner, 'my-app', { branch, commit: sha(digit) });
const show = (name: string) => bench.commands.get(owner, 'my-app', name);

/** Deployed, completed, and seen by the keeper. Resolves to the number of the deployment. */
async function deploy(branch: string, digit: string): Promise<number> {
  await open(branch, digit);
  const number = await bench.complete(branch);
  await bench.pass();
  return number;
}

async function configurationOf(environment: string) {
  const project = await bench.project();
  const found = await bench.stores.configuration.environments.find(project.id, environment);
  const [deployment] = await bench.stores.queries.list({
    projectId: project.id,
    environmentId: found?.id ?? '',
    limit: 1,
  });
  const record = await bench.stores.deployments.record(deployment?.id ?? '');
  return record?.deployment ?? assert.fail(`nothing was deployed to ${environment}`);
}

test('what serves in a preview gets a URL of its own, once, with what it was given then', async () => {
  const first = await deploy('login', 'a');
  const name = `login-${first}`;
  assert.deepEqual((await show('login')).deploymentUrls, [
    { number: first, url: `http://${name}-my-app.example.test` },
  ]);
  const url = await show(name);
  assert.deepEqual(url.subject, { kind: 'deployment', number: first, preview: 'login' });
  const deployment = await configurationOf(name);
  assert.equal(deployment.kind, 'promote');
  assert.equal(deployment.origin?.number, first);
  assert.deepEqual(deployment.configuration.hosts, [`${name}-my-app.example.test`]);
  assert.equal(deployment.source.kind === 'git' && deployment.source.requestedCommit, sha('a'));
  for (let pass = 0; pass < 3; pass += 1) await bench.pass();
  await bench.complete(name);
  await bench.pass();
  assert.deepEqual(await bench.environments(), ['login', name]);
  assert.deepEqual((await bench.deployments(name)).length, 1);
});

test('as many of the newest have one as are wanted, and what had one once gets none again', async () => {
  const [oldest] = (await show('login')).deploymentUrls;
  const second = await deploy('login', 'b');
  const third = await deploy('login', 'c');
  await bench.pass();
  const { deploymentUrls } = await show('login');
  assert.deepEqual(
    deploymentUrls.map(({ number }) => number),
    [third, second],
  );
  const gone = await show(`login-${oldest?.number}`);
  assert.deepEqual([gone.state, gone.closedReason], ['removing', 'newer deployments of login have taken its place']);
  await bench.takeDown();
  await bench.commands.updateSettings(owner, 'my-app', { deploymentUrls: 20 });
  await bench.pass();
  assert.equal((await show(`login-${oldest?.number}`)).state, 'closed');
});

test('nothing else is ever deployed there', async () => {
  const [{ number } = assert.fail('none')] = (await show('login')).deploymentUrls;
  const project = await bench.project();
  const place = await bench.stores.configuration.environments.find(project.id, `login-${number}`);
  const model = await configurationOf('login');
  const again = {
    id: crypto.randomUUID(),
    projectId: project.id,
    environmentId: place?.id ?? '',
    kind: 'git',
    origin: null,
    artifact: null,
    source: model.source,
    trigger: { kind: 'manual', by: 'ada', noCache: false },
    configuration: model.configuration,
    sealedVariables: '',
    jobs: [],
    idempotency: null,
    onceKey: null,
  } as const;
  await assert.rejects(bench.stores.deployments.create(again), {
    code: 'invalid_input',
    message: `environment: it shows #${number}, and nothing else is ever deployed there`,
  });
});

test('they take no places of previews, and go with their preview', async () => {
  const other = await deploy('menu', 'd');
  assert.equal((await show(`menu-${other}`)).state, 'open');
  assert.equal((await open('third', 'e')).state, 'waiting', 'the limit is 2');
  await bench.commands.close(owner, 'my-app', 'login');
  await bench.pass();
  await bench.takeDown();
  const list = await bench.commands.list(owner, 'my-app', false);
  assert.deepEqual(list.map(({ name }) => name).toSorted(), ['menu', `menu-${other}`, 'third']);
  const closed = (await bench.previews()).filter(
    ({ subject }) => subject.kind === 'deployment' && subject.preview === 'login',
  );
  assert.ok(closed.some(({ closedReason }) => closedReason === 'the preview login is closed'));
});

test('where none are wanted any more, those that there are go', async () => {
  await bench.commands.updateSettings(owner, 'my-app', { deploymentUrls: 0 });
  await bench.pass();
  await bench.takeDown();
  assert.deepEqual((await show('menu')).deploymentUrls, []);
  assert.deepEqual(
    (await bench.environments()).filter((name) => /-\d+$/.test(name)),
    [],
  );
});

test('settings that make no sense are refused, and nothing of all that has failed on the way', async () => {
  for (const deploymentUrls of [-1, 1.5, 21])
    await assert.rejects(bench.commands.updateSettings(owner, 'my-app', { deploymentUrls }), refusal('invalid_input'));
  assert.deepEqual(bench.complaints, []);
});
