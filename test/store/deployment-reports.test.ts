import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { DeploymentState } from '../../src/domain/deployment-state.ts';
import { recordGitDeployment } from '../../src/engine/commands/record-git-deployment.ts';
import type { OpenProvider } from '../../src/engine/ports/provider.ts';
import { owner } from '../conformance/store/configuration-bench.ts';
import type { ProviderStandIn } from '../harness/provider-stand-in.ts';
import type { PreviewBench } from './preview-bench.ts';
import { ProviderBench, sha } from './provider-bench.ts';

let provider: ProviderBench;
let bench: PreviewBench;
let standIn: ProviderStandIn;

before(async () => {
  provider = await ProviderBench.open();
  ({ previews: bench, standIn } = provider);
});
after(() => provider[Symbol.asyncDispose]());

/** Records a deployment of the commit; nobody carries it out. */
async function deploy(commit: string, name = 'production'): Promise<string> {
  const project = await bench.project();
  const environment = await bench.stores.configuration.environments.find(project.id, name);
  assert.ok(environment !== null);
  const { stores, configuration } = bench;
  const onceKey = randomUUID();
  await recordGitDeployment(
    {
      configuration: stores.configuration,
      deployments: stores.deployments,
      secretBox: configuration.secretBox,
      random: { id: () => randomUUID(), number: () => 1 },
      wake: () => undefined,
    },
    {
      project,
      environment,
      branch: 'main',
      commit,
      trigger: { kind: 'automatic', by: 'ada', noCache: false },
      onceKey,
      idempotency: null,
    },
  );
  const { id } = await provider.db
    .selectFrom('deployment')
    .select('id')
    .where('once_key', '=', onceKey)
    .executeTakeFirstOrThrow();
  return id;
}

/** As the engine would have brought it there. */
async function become(id: string, state: DeploymentState, reason: string | null = null): Promise<void> {
  const serves = state === 'ready' || state === 'completed';
  await provider.db
    .updateTable('deployment')
    .set({
      state,
      reason,
      ...(serves ? { ready_at: sql<string>`now()` } : {}),
      ...(['failed', 'cancelled', 'stopped'].includes(state) ? { finished_at: sql<string>`now()` } : {}),
    })
    .where('id', '=', id)
    .execute();
  if (state === 'ready')
    await sql`update environment set current_deployment_id = ${id}
      where id = (select environment_id from deployment where id = ${id})`.execute(provider.db);
}

const statusesOf = (commit: string) =>
  standIn.statuses.filter((one) => one.commit === commit).map(({ state, context }) => `${context} ${state}`);
const deployed = () => standIn.deployments.map((one) => [one.sha[0], one.state]);

async function hurry(): Promise<void> {
  const past = new Date(0).toISOString();
  await provider.db.updateTable('provider_message').set({ not_before: past }).execute();
}

test('what was over before there was a provider is not told, and what serves then is', async () => {
  const [old, current] = [await deploy(sha('1')), await deploy(sha('2'))];
  await become(old, 'failed');
  await become(current, 'ready');
  await become(current, 'completed');
  await provider.commands.set(owner, 'my-app', { ...standIn.access, token: standIn.token });
  await provider.tell();
  assert.deepEqual(statusesOf(sha('1')), []);
  assert.deepEqual(statusesOf(sha('2')), ['cutover/my-app/production success']);
  assert.deepEqual(deployed(), [['2', 'success']]);
  assert.deepEqual([standIn.deployments[0]?.production, standIn.deployments[0]?.transient], [true, false]);
  assert.equal(standIn.deployments[0]?.environment, 'my-app/production');
});

test('each state of a deployment is told, once; when the newer one serves the older one becomes inactive', async () => {
  const id = await deploy(sha('3'));
  await provider.tell();
  assert.deepEqual(deployed(), [['2', 'success']], 'what only waits has no deployment yet');
  await become(id, 'running');
  await provider.tell();
  await become(id, 'ready');
  await provider.tell();
  await provider.tell();
  await become(id, 'completed');
  await provider.tell();
  assert.deepEqual(
    statusesOf(sha('3')).map((text) => text.split(' ')[1]),
    ['pending', 'pending', 'success'],
  );
  assert.deepEqual(deployed(), [
    ['2', 'inactive'],
    ['3', 'success'],
  ]);
  const asked = standIn.requests.length;
  await provider.tell();
  assert.equal(standIn.requests.length, asked);
});

test('a failure and a cancellation are told, and what serves goes on serving', async () => {
  const [failed, superseded] = [await deploy(sha('4')), await deploy(sha('5'))];
  await become(failed, 'running');
  await provider.tell();
  await become(failed, 'failed', 'gate (last answer 503: "password is hunter2")');
  await become(superseded, 'cancelled', 'superseded by #6');
  await provider.tell();
  assert.deepEqual(statusesOf(sha('4')).at(-1), 'cutover/my-app/production failure');
  assert.deepEqual(statusesOf(sha('5')).at(-1), 'cutover/my-app/production failure');
  assert.deepEqual(deployed().slice(1), [
    ['3', 'success'],
    ['4', 'failure'],
  ]);
  const messages = await provider.db.selectFrom('provider_message').selectAll().execute();
  assert.deepEqual(messages, []);
});

test('rolled back: the older commit is live again, and the bad one has failed and is inactive', async () => {
  const { rows } = await sql<{ id: string }>`select current_deployment_id as id from environment
    where current_deployment_id is not null`.execute(provider.db);
  const good = rows[0]?.id ?? '';
  const bad = await deploy(sha('6'));
  await become(bad, 'ready');
  await become(bad, 'completed');
  await become(good, 'completed', 'replaced by #6');
  await provider.tell();
  assert.deepEqual(
    deployed().filter(([commit]) => commit === '3' || commit === '6'),
    [
      ['3', 'inactive'],
      ['6', 'success'],
    ],
  );
  const back = await deploy(sha('3'));
  const origin = JSON.stringify({ number: 3, reason: null });
  await sql`update deployment set kind = 'rollback', origin = ${origin}::jsonb where id = ${back}`.execute(provider.db);
  await become(back, 'ready');
  await become(back, 'completed');
  await become(bad, 'stopped', 'rolled back to #3 by #7 (error rate 12.4 % against 0.3 %)');
  await become(good, 'stopped', 'replaced by #6');
  await provider.tell();
  assert.equal(statusesOf(sha('6')).at(-1), 'cutover/my-app/production failure');
  assert.equal(statusesOf(sha('3')).at(-1), 'cutover/my-app/production success');
  assert.deepEqual(
    deployed().filter(([commit]) => commit === '3' || commit === '6'),
    [
      ['3', 'success'],
      ['6', 'inactive'],
    ],
  );
});

test('an outage and a rate limit hold no deployment up, and afterwards the newest is told, not what was', async () => {
  const id = await deploy(sha('7'));
  standIn.misfortunes.push(...Array.from({ length: 2 }, () => ({ status: 503 })));
  await become(id, 'running');
  await provider.tell();
  standIn.misfortunes.push({ status: 429, headers: { 'retry-after': '600' } }, { status: 502 });
  await hurry();
  await provider.tell();
  await provider.tell();
  await become(id, 'ready');
  await become(id, 'completed');
  await provider.tell();
  await hurry();
  await provider.tell();
  assert.deepEqual(statusesOf(sha('7')), ['cutover/my-app/production success'], 'never what it was during the outage');
  assert.deepEqual(deployed().at(-1), ['7', 'success']);
});

test('the same commit deployed again and failed leaves what serves a success; an environment has statuses of its own', async () => {
  const again = await deploy(sha('7'));
  await become(again, 'failed', 'gate');
  await bench.configuration.commands.environments.create(owner, 'my-app', { name: 'staging', settings: {} });
  const staging = await deploy(sha('7'), 'staging');
  await become(staging, 'ready');
  await provider.tell();
  assert.equal(statusesOf(sha('7')).includes('cutover/my-app/production failure'), true);
  // Two environments are told of side by side.
  assert.equal(statusesOf(sha('7')).includes('cutover/my-app/staging success'), true);
  const sevens = standIn.deployments
    .filter((one) => one.sha === sha('7'))
    .toSorted((a, b) => a.environment.localeCompare(b.environment));
  assert.deepEqual(
    sevens.map(({ environment, state, production }) => [environment, state, production]),
    [
      ['my-app/production', 'success', true],
      ['my-app/staging', 'success', false],
    ],
  );
});

test('an environment that is removed leaves nothing live at the provider', async () => {
  await bench.configuration.commands.environments.delete(owner, 'my-app', 'staging');
  await bench.takeDown();
  await provider.tell();
  const states = standIn.deployments.map(({ environment, state }) => `${environment} ${state}`);
  assert.ok(states.includes('my-app/staging inactive'));
  assert.ok(!states.includes('my-app/staging success'));
  assert.ok(states.includes('my-app/production success'));
});

test('where it is switched off nothing more is told of deployments, not even what waits, and previews still are', async () => {
  standIn.misfortunes.push(...Array.from({ length: 2 }, () => ({ status: 503 })));
  const id = await deploy(sha('8'));
  await become(id, 'running');
  await provider.tell();
  await provider.commands.tellDeployments(owner, 'my-app', false);
  assert.equal((await provider.commands.get(owner, 'my-app'))?.tellsDeployments, false);
  await become(id, 'ready');
  await bench.commands.open(owner, 'my-app', { pullRequest: 9, branch: 'b', commit: sha('9') });
  await hurry();
  await provider.tell();
  assert.deepEqual(statusesOf(sha('8')), []);
  assert.deepEqual(statusesOf(sha('9')), ['cutover/my-app/pr-9 pending']);
  await provider.commands.tellDeployments(owner, 'my-app', true);
  await provider.tell();
  assert.deepEqual(statusesOf(sha('8')), ['cutover/my-app/production success']);
});

test('a newer message waits until the older one was told, so that it comes last', async () => {
  const order: string[] = [];
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const openProvider: OpenProvider = () => ({
    pullRequest: async () => null,
    openPullRequests: async () => [],
    async tell(message) {
      if (message.kind !== 'commit-status' || message.commit !== sha('a')) return;
      if (order.length === 0) {
        begun.resolve();
        order.push(`begins ${message.state}`);
        await held.promise;
      }
      order.push(message.state);
    },
  });
  const id = await deploy(sha('a'));
  const first = provider.tell({ openProvider });
  await begun.promise;
  await become(id, 'failed', 'gate');
  await provider.tell({ openProvider });
  held.resolve();
  await first;
  await provider.tell({ openProvider });
  assert.deepEqual(order, ['begins pending', 'pending', 'failure']);
});
