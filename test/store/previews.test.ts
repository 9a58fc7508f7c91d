import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { PullRequestEvent, PushEvent } from '../../src/domain/repository-event.ts';
import { variablesFor } from '../../src/engine/commands/variables-snapshot.ts';
import { actor, owner, refusal, repository } from '../conformance/store/configuration-bench.ts';
import { PreviewBench } from './preview-bench.ts';

let bench: PreviewBench;
before(async () => {
  bench = await PreviewBench.open();
  await bench.commands.updateSettings(owner, 'my-app', { pullRequests: true, limit: 100 });
});
after(() => bench[Symbol.asyncDispose]());

const sha = (digit: string) => digit.repeat(40);

function pullRequest(number: number, change: Partial<PullRequestEvent> = {}): PullRequestEvent {
  return {
    kind: 'pull-request',
    action: 'opened',
    number,
    title: `Change ${number}`,
    url: `https://git.example/pulls/${number}`,
    headBranch: `change-${number}`,
    headCommit: sha('a'),
    baseBranch: 'main',
    fromFork: false,
    merged: false,
    author: { name: 'a', email: null },
    ...change,
  };
}

const plain = (name: string, value: string) => ({ name, value, secret: false });

function push(branch: string, commit = sha('a')): PushEvent {
  const author = { name: 'a', email: null };
  return { kind: 'push', branch, commit, before: null, message: 'm', author, changedPaths: null, skipPhrase: null };
}

test('a pull request that is opened gets an environment at its host, and a deployment of its commit (rule 6)', async () => {
  const outcome = await bench.apply(pullRequest(1));
  assert.equal(outcome.code, 'preview-opened');
  const preview = await bench.commands.get(owner, 'my-app', 'pr-1');
  assert.equal(preview.state, 'open');
  assert.equal(preview.address, 'http://pr-1-my-app.example.test');
  assert.deepEqual(await bench.deployments('pr-1'), [sha('a')]);
  const environment = await bench.configuration.commands.environments.get(owner, 'my-app', 'pr-1');
  assert.equal(environment.kind, 'preview');
  assert.equal(environment.settings.branch, 'change-1');
});

test('there is one environment and one deployment for a push, however often and by however many it is told', async () => {
  await Promise.all(Array.from({ length: 8 }, () => bench.apply(pullRequest(2))));
  await Promise.all(Array.from({ length: 4 }, () => bench.pass()));
  assert.equal((await bench.environments()).filter((name) => name.startsWith('pr-2')).length, 1);
  assert.deepEqual(await bench.deployments('pr-2'), [sha('a')]);
  assert.equal((await bench.apply(pullRequest(2))).code, 'preview-unchanged');
});

test('a push updates it in place, and a push back to an older commit is a push', async () => {
  await bench.apply(pullRequest(3));
  assert.equal(
    (await bench.apply(pullRequest(3, { action: 'synchronized', headCommit: sha('b') }))).code,
    'preview-updated',
  );
  await bench.apply(pullRequest(3, { action: 'synchronized' }));
  assert.deepEqual(await bench.deployments('pr-3'), [sha('a'), sha('b'), sha('a')]);
});

test('what a crash left undone is done by the next pass', async () => {
  const keeper = bench.keeper;
  bench.keeper = bench.newKeeper();
  bench.keeper.advance = async () => undefined;
  assert.equal((await bench.apply(pullRequest(4))).code, 'preview-waits');
  bench.keeper = keeper;
  await bench.pass();
  assert.deepEqual(await bench.deployments('pr-4'), [sha('a')]);
});

test('it goes when the pull request is closed, and what is told late does not bring it back', async () => {
  await bench.apply(pullRequest(5));
  assert.equal((await bench.apply(pullRequest(5, { action: 'closed', merged: true }))).code, 'preview-closed');
  assert.equal((await bench.commands.get(owner, 'my-app', 'pr-5')).state, 'removing');
  assert.equal(
    (await bench.apply(pullRequest(5, { action: 'synchronized', headCommit: sha('b') }))).code,
    'preview-stale',
  );
  await bench.takeDown();
  await bench.pass();
  const preview = await bench.commands.get(owner, 'my-app', 'pr-5');
  assert.equal(preview.state, 'closed');
  assert.equal(preview.closedReason, 'pull request 5 was merged');
  assert.ok(!(await bench.environments()).includes('pr-5'));
});

test('one that is opened again while its environment is taken down gets another one after that', async () => {
  await bench.apply(pullRequest(6));
  await bench.apply(pullRequest(6, { action: 'closed' }));
  assert.equal((await bench.apply(pullRequest(6, { action: 'reopened' }))).code, 'preview-waits');
  await bench.takeDown();
  await bench.pass();
  assert.equal((await bench.commands.get(owner, 'my-app', 'pr-6')).state, 'open');
  assert.deepEqual(await bench.deployments('pr-6'), [sha('a')]);
});

test('what comes from a fork is not built before that very commit is approved by somebody who may deploy (rule 6)', async () => {
  const outcome = await bench.apply(pullRequest(7, { fromFork: true }));
  assert.equal(outcome.code, 'preview-needs-approval');
  assert.match(outcome.reason, /previews approve pr-7/);
  await bench.pass();
  assert.equal((await bench.commands.get(owner, 'my-app', 'pr-7')).address, null);
  const { commands } = bench;
  await assert.rejects(commands.approve(actor('viewer'), 'my-app', 'pr-7', sha('a')), refusal('forbidden'));
  await assert.rejects(commands.approve(owner, 'my-app', 'pr-7', sha('b')), refusal('preview_changed'));
  await commands.approve(actor('developer'), 'my-app', 'pr-7', sha('a'));
  assert.deepEqual(await bench.deployments('pr-7'), [sha('a')]);
  await bench.apply(pullRequest(7, { action: 'synchronized', headCommit: sha('b') }));
  await bench.pass();
  assert.deepEqual(await bench.deployments('pr-7'), [sha('a')]);
  assert.equal((await commands.get(owner, 'my-app', 'pr-7')).state, 'needs-approval');
  // Whoever calls it one of the project's own does not get round the approval.
  await bench.apply(pullRequest(7, { action: 'synchronized', headCommit: sha('c'), fromFork: false }));
  assert.deepEqual(await bench.deployments('pr-7'), [sha('a')]);
});

test('a branch gets one where that is switched on and no environment deploys it, and goes with the branch', async () => {
  assert.match((await bench.apply(push('topic/x'))).reason, /branches are switched off/);
  await bench.commands.updateSettings(owner, 'my-app', { branches: true });
  assert.match((await bench.apply(push('main'))).reason, /"production" deploys/);
  assert.deepEqual((await bench.apply(push('topic/x'))).environment, 'topic-x');
  const second = (await bench.apply(push('topic-x'))).environment ?? '';
  assert.match(second, /^topic-x-[0-9a-z]{7}$/);
  await bench.apply({ kind: 'branch-deleted', branch: 'topic/x' });
  assert.equal((await bench.commands.get(owner, 'my-app', 'topic-x')).state, 'removing');
  assert.equal((await bench.commands.get(owner, 'my-app', second)).state, 'open');
  await bench.commands.updateSettings(owner, 'my-app', { branches: false });
});

test("a push to the branch of an open pull request is one to that, and the branch's end is its end", async () => {
  await bench.apply(pullRequest(8));
  assert.deepEqual((await bench.apply(push('change-8', sha('b')))).environment, 'pr-8');
  assert.deepEqual(await bench.deployments('pr-8'), [sha('a'), sha('b')]);
  await bench.apply({ kind: 'branch-deleted', branch: 'change-8' });
  assert.equal((await bench.commands.get(owner, 'my-app', 'pr-8')).state, 'removing');
});

test('a host that is somebody else’s is not taken: the preview gets another name (rule 6)', async () => {
  const { environments } = bench.configuration.commands;
  await assert.rejects(environments.create(owner, 'my-app', { name: 'pr-9' }), refusal('invalid_input', /preview/));
  await bench.projects.create(owner, { name: 'other', repository });
  await bench.commands.updateSettings(owner, 'other', { branches: true });
  await bench.projects.create(owner, { name: 'topic-other', repository });
  const name = (await bench.apply(push('topic'), 'other')).environment ?? '';
  assert.match(name, /^topic-[0-9a-z]{7}$/);
});

test('no more than the limit have an environment; the next one gets its place when one is gone (rule 6)', async () => {
  await bench.projects.create(owner, { name: 'small', repository });
  await bench.commands.updateSettings(owner, 'small', { pullRequests: true, limit: 2 });
  const outcomes = await Promise.all([1, 2, 3, 4].map((number) => bench.apply(pullRequest(number), 'small')));
  assert.equal(outcomes.filter(({ code }) => code === 'preview-waits').length, 2);
  assert.equal((await bench.environments('small')).length, 2);
  const [first = ''] = await bench.environments('small');
  await bench.commands.close(owner, 'small', first);
  await bench.pass();
  assert.equal((await bench.environments('small')).length, 1);
  await bench.takeDown();
  await bench.pass();
  assert.equal((await bench.environments('small')).length, 2);
});

test('it goes when nothing was pushed for its time, and comes back with the next push (rule 6)', async () => {
  await bench.projects.create(owner, { name: 'brief', repository });
  await bench.commands.updateSettings(owner, 'brief', { pullRequests: true, ttlMs: 60_000 });
  await bench.apply(pullRequest(1), 'brief');
  bench.now = Date.now() + 59_000;
  await bench.pass();
  assert.deepEqual(await bench.environments('brief'), ['pr-1']);
  bench.now = Date.now() + 61_000;
  await bench.pass();
  bench.now = Date.now();
  const expired = await bench.commands.get(owner, 'brief', 'pr-1');
  assert.match(expired.closedReason ?? '', /nothing was pushed since/);
  assert.deepEqual(await bench.environments('brief'), []);
  await bench.takeDown();
  const { code } = await bench.apply(pullRequest(1, { action: 'synchronized', headCommit: sha('b') }), 'brief');
  assert.equal(code, 'preview-updated');
});

test('an environment that is deleted by hand closes its preview', async () => {
  await bench.apply(pullRequest(10));
  await bench.configuration.commands.environments.delete(owner, 'my-app', 'pr-10');
  await bench.takeDown();
  await bench.pass();
  assert.equal((await bench.commands.get(owner, 'my-app', 'pr-10')).state, 'closed');
});

test('previews have variables of their own, and none of production’s (rule 6)', async () => {
  const { variables } = bench.configuration.commands;
  await variables.set(owner, 'my-app', null, [plain('SHARED', 'project'), plain('LOG', 'project')]);
  await variables.set(owner, 'my-app', 'production', [plain('DATABASE', 'production')]);
  await variables.set(owner, 'my-app', { previews: true }, [plain('DATABASE', 'previews'), plain('LOG', 'previews')]);
  await bench.apply(pullRequest(11));
  await variables.set(owner, 'my-app', 'pr-11', [plain('LOG', 'eleven')]);
  const snapshot = async (name: string) => {
    const { projectId, id } = await bench.configuration.commands.environments.get(owner, 'my-app', name);
    const { project, environment } = await variablesFor(
      bench.configuration.store.variables,
      bench.configuration.secretBox,
      { projectId, environmentId: id },
    );
    return { ...project, ...environment };
  };
  assert.deepEqual(await snapshot('pr-11'), { SHARED: 'project', LOG: 'eleven', DATABASE: 'previews' });
  assert.deepEqual(await snapshot('production'), { SHARED: 'project', LOG: 'project', DATABASE: 'production' });
  const listed = await variables.list(owner, 'my-app', { previews: true });
  assert.deepEqual(
    listed.map(({ name, level }) => `${name} ${level}`),
    ['DATABASE preview', 'LOG project', 'LOG preview', 'SHARED project'],
  );
  assert.deepEqual(await variables.unset(owner, 'my-app', null, ['DATABASE']), []);
  assert.deepEqual(await variables.unset(owner, 'my-app', { previews: true }, ['DATABASE']), ['DATABASE']);
});

test('nothing that was asked for has failed on the way', () => {
  assert.deepEqual(bench.complaints, []);
});

test('rule 6: a push that comes while its preview is found to be over, or its pull request closed, keeps it', async () => {
  await bench.projects.create(owner, { name: 'late', repository: 'https://git.example.test/late.git' });
  const project = await bench.project('late');
  await bench.commands.updateSettings(owner, 'late', { ttlMs: 60_000 });
  const show = (commit: string) =>
    bench.commands.open(owner, 'late', { pullRequest: 1, branch: 'b', commit: commit.repeat(40) });
  await show('a');
  bench.now = Date.now() + 3_600_000;
  const keeper = bench.newKeeper({
    async opened() {
      const found = await bench.store.opened();
      // After it was looked at, and before anything was done.
      await show('b');
      return found;
    },
  });
  await keeper.pass(AbortSignal.timeout(20_000));
  bench.now = Date.now();
  assert.equal((await bench.commands.get(owner, 'late', 'pr-1')).state, 'open');
  const [known] = await bench.store.list(project.id, false);
  await show('c');
  const closing = { reason: 'pull request 1 was closed', finished: true, ofRevision: known?.revision ?? 0 };
  assert.deepEqual(await bench.store.close(project.id, [{ kind: 'pull-request', number: 1 }], closing), []);
  const kept = await bench.commands.get(owner, 'late', 'pr-1');
  assert.deepEqual([kept.state, kept.finished], ['open', false]);
});
