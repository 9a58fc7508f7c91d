import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { defaultBuildSettings } from '../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../src/domain/environment-settings.ts';
import { platformRepository } from '../../src/domain/platform-repository.ts';
import type { Project } from '../../src/domain/project.ts';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { systemRandom } from '../../src/drivers/clock/system-random.ts';
import { createHostedRepositories } from '../../src/drivers/source/hosting/hosted-repositories.ts';
import { hostedRepositoryPath } from '../../src/drivers/source/hosting/repository-path.ts';
import type { GitRepositories } from '../../src/engine/ports/git-repositories.ts';
import { PushKeeper } from '../../src/engine/reconcile/push-keeper.ts';
import { createPushStore } from '../../src/store/pushes.ts';
import { createWebhookStore } from '../../src/store/webhooks.ts';
import { GitClient } from '../harness/git-client.ts';
import { MemorySecretBox } from '../simulation/memory/memory-secret-box.ts';
import { openPostgresStores, type PostgresStores } from './postgres-stores.ts';

/** Rule 2.4 for pushes to the platform, over the real database and real Git: what is on record is carried out once, whatever is killed. */
let stores: PostgresStores;
let dir: string;
let repositories: GitRepositories;
const warnings: object[] = [];
before(async () => {
  stores = await openPostgresStores();
  dir = await mkdtemp('/tmp/cutover-test-pushes-');
  repositories = await createHostedRepositories({ dir, maxBytes: 10_000_000, timeoutMs: 30_000 });
});
after(async () => {
  await stores[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const silent = () => undefined;
const ref = 'refs/heads/main';

async function createProject(name: string): Promise<Project> {
  const id = randomUUID();
  return stores.configuration.projects.create(
    { id, name, repository: platformRepository(id), build: defaultBuildSettings },
    { id: randomUUID(), name: 'production', settings: defaultEnvironmentSettings, hosts: [`${name}.test`] },
  );
}

/** One that another process would make after this one died. */
function keeper(over: Partial<GitRepositories> = {}): PushKeeper {
  const { configuration, deployments, queries } = stores;
  const { db } = stores.database;
  const common = { configuration, deployments, random: systemRandom, secretBox: new MemorySecretBox(), wake: silent };
  return new PushKeeper({
    repositories: withMethods(repositories, over),
    store: createPushStore(db),
    recording: { ...common, commits: createWebhookStore(db) },
    applyPreviewEvent: async () => [],
    queries,
    clock: systemClock,
    log: { info: silent, warn: (fields) => void warnings.push(fields), error: silent },
    checkBranch: silent,
  });
}

/** The same repositories, but for some of what they do. */
function withMethods(real: GitRepositories, over: Partial<GitRepositories>): GitRepositories {
  return new Proxy(real, {
    get: (target, name: keyof GitRepositories) => over[name] ?? target[name].bind(target),
  });
}

/** Everything that a start looks at, once. */
async function restart(): Promise<void> {
  const stopping = new AbortController();
  const started = keeper();
  const running = started.run(stopping.signal);
  await started.recovered;
  stopping.abort();
  await running;
}

/** The objects are there, under the name of the push, as `receive-pack` leaves them. */
async function hold(project: Project, client: GitClient, pushId: string): Promise<string> {
  await repositories.move(project.id, { ref, from: null, to: null });
  const path = hostedRepositoryPath(dir, project.id);
  await client.ok('push', '--quiet', '--force', `file://${path}`, `main:refs/cutover/pushes/${pushId}/0`);
  return client.head();
}

async function deploymentsOf({ id }: Project) {
  return stores.queries.list({ projectId: id, limit: 10 });
}

test('2.4 killed after the push was put on record: the branch moves and its environment is deployed to, once', async () => {
  const project = await createProject('recorded');
  await using client = await GitClient.init({ 'a.txt': 'one' });
  const pushId = randomUUID();
  const commit = await hold(project, client, pushId);
  const push = { id: randomUUID(), pushId, projectId: project.id, branch: 'main', before: null, commit, by: 'ada' };
  await createPushStore(stores.database.db).record(push);
  for (let start = 1; start <= 3; start += 1) await restart();
  assert.equal(await repositories.find(project.id, ref), commit);
  const [deployment, ...others] = await deploymentsOf(project);
  assert.deepEqual(others, []);
  assert.deepEqual(deployment?.trigger, { kind: 'push', by: 'ada (git push)', noCache: false });
  assert.equal(deployment.source.kind === 'git' && deployment.source.requestedCommit, commit);
  assert.deepEqual(warnings, []);
});

test('2.4 killed after the deployment was made and before that was noted: it is not made again', async () => {
  const project = await createProject('noted');
  await using client = await GitClient.init({ 'a.txt': 'one' });
  const pushId = randomUUID();
  const commit = await hold(project, client, pushId);
  const change = { ref, from: null, to: commit };
  const accepted = await keeper().accept({ project, pushId, by: 'ada', change });
  assert.ok(accepted.refusal === null && accepted.push !== null);
  await stores.database.db.updateTable('push').set({ results: null }).where('id', '=', accepted.push.id).execute();
  await restart();
  assert.equal((await deploymentsOf(project)).length, 1);
});

test('2.4 killed before the push was put on record: nothing of it is left, and no branch has moved', async () => {
  const project = await createProject('unknown');
  await using client = await GitClient.init({ 'a.txt': 'one' });
  await hold(project, client, randomUUID());
  assert.equal((await repositories.held(project.id)).length, 1);
  await restart();
  assert.deepEqual(await repositories.held(project.id), []);
  assert.equal(await repositories.find(project.id, ref), null);
  assert.deepEqual(await deploymentsOf(project), []);
});

test('a push whose deployment ended without going live puts the branch back, unless somebody has pushed on top of it', async () => {
  for (const onTop of [false, true]) {
    const project = await createProject(`back-${onTop}`);
    await using client = await GitClient.init({ 'a.txt': 'one' });
    const commit = await hold(project, client, randomUUID());
    const change = { ref, from: null, to: commit };
    const taken = await keeper().accept({ project, pushId: randomUUID(), by: 'ada', change });
    assert.ok(taken.refusal === null && taken.push !== null);
    assert.equal(await keeper().settle(taken.push), null, 'it is under way');
    await client.commit({ 'a.txt': 'two' });
    const newer = await hold(project, client, randomUUID());
    if (onTop) await repositories.move(project.id, { ref, from: commit, to: newer });
    const [deployment] = await deploymentsOf(project);
    await stores.deployments.requestCancel(deployment?.id ?? '');
    await restart();
    assert.equal(await repositories.find(project.id, ref), onTop ? newer : null);
    const row = await stores.database.db
      .selectFrom('push')
      .select(['outcome', 'settled_at'])
      .where('id', '=', taken.push.id)
      .executeTakeFirstOrThrow();
    assert.equal(row.outcome, 'failed');
    assert.notEqual(row.settled_at, null);
  }
});

test('of many pushes to one branch at once one is taken, and the others are told to fetch first', async () => {
  const project = await createProject('many');
  await using client = await GitClient.init({ 'a.txt': 'one' });
  const commit = await hold(project, client, randomUUID());
  const one = keeper();
  const change = { ref, from: null, to: commit };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => one.accept({ project, pushId: randomUUID(), by: 'ada', change })),
  );
  assert.equal(answers.filter(({ refusal }) => refusal === null).length, 1);
  assert.match(answers.find(({ refusal }) => refusal !== null)?.refusal ?? '', /fetch first/);
  assert.equal((await deploymentsOf(project)).length, 1);
});

test('5.9 after a start nobody waits with a push until a large repository is packed', { timeout: 20_000 }, async () => {
  const project = await createProject('large');
  await repositories.move(project.id, { ref, from: null, to: null });
  const stopping = new AbortController();
  const packed = Promise.withResolvers<void>();
  const started = keeper({ tidy: () => packed.promise });
  const running = started.run(stopping.signal);
  await started.recovered;
  packed.resolve();
  stopping.abort();
  await running;
});

test('the repository of a project that is gone is removed, and that of one that is being deleted is not yet', async () => {
  const project = await createProject('gone');
  await repositories.move(project.id, { ref, from: null, to: null });
  const stranger = randomUUID();
  await repositories.move(stranger, { ref, from: null, to: null });
  await stores.configuration.projects.markDeleting('gone');
  await restart();
  const kept = await repositories.list();
  assert.ok(kept.includes(project.id));
  assert.ok(!kept.includes(stranger));
  const push = { id: randomUUID(), pushId: randomUUID(), projectId: project.id, branch: 'main', before: null };
  await assert.rejects(createPushStore(stores.database.db).record({ ...push, commit: 'a'.repeat(40), by: 'ada' }), {
    code: 'not_found',
  });
});

test('a push is forgotten a week after it was settled, and never while it is not', async () => {
  const project = await createProject('forgotten');
  const { db } = stores.database;
  const settledAt = { old: `now() - interval '8 days'`, fresh: `now() - interval '6 days'`, open: 'null' };
  for (const [by, settled] of Object.entries(settledAt))
    await sql`
      insert into push (id, push_id, project_id, branch, before, commit, pushed_by, results, created_at, settled_at)
      values (gen_random_uuid(), gen_random_uuid(), ${project.id}, 'main', null, ${'a'.repeat(40)}, ${by}, '[]',
        now() - interval '30 days', ${sql.raw(settled)})`.execute(db);
  await createPushStore(db).prune(7);
  const left = await db.selectFrom('push').select('pushed_by').where('project_id', '=', project.id).execute();
  assert.deepEqual(left.map((row) => row.pushed_by).toSorted(), ['fresh', 'open']);
});
