import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { GitClient, type GitResult } from '../harness/git-client.ts';
import { answering, exitingAtStart, slowBuild } from './apps.ts';
import { Stage } from './stage.ts';

/** Rule 2.3: `git push` to the platform itself, by the real Git and through the router, as anybody would. */
let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

const publicHost = 'cutover.localhost';

function remote(project: string, token = stage.platform.token): string {
  return `http://any:${token}@${publicHost}:${stage.platform.routerPort}/git/${project}.git`;
}

async function create(name: string): Promise<{ readonly id: string }> {
  const made = await stage.must<{ id: string }>('POST', '/api/projects', { name, repository: null, gitPush: true });
  await stage.settings(name, { observationMs: 0 });
  return made;
}

/** Files that need no build. */
const page = (text: string) => ({ 'index.html': text });

async function numbers(project: string): Promise<readonly WireDeployment[]> {
  const path = `/api/projects/${project}/deployments`;
  return (await stage.must<{ deployments: WireDeployment[] }>('GET', path)).deployments;
}

async function branches(client: GitClient, project: string): Promise<string> {
  return client.ok('ls-remote', remote(project));
}

function said({ said: text }: GitResult): string {
  return text.replaceAll(/ +$/gm, '');
}

test('2.3 a push to the platform is deployed, says how it goes, and what was pushed serves', async () => {
  await create('pushed');
  await using client = await GitClient.init(answering('one'));
  const commit = await client.head();
  const first = await client.run(['push', remote('pushed'), 'main']);
  assert.equal(first.code, 0, first.said);
  assert.match(said(first), new RegExp(`^remote: deploying ${commit.slice(0, 12)} to production as #1$`, 'm'));
  for (const line of [
    /^remote: \[4\/4\] COPY/m,
    /^remote: gate passed/m,
    /^remote: #1 is live/m,
    /\[new branch\] +main/,
  ])
    assert.match(said(first), line);
  assert.match(said(first), new RegExp(`^remote: http://pushed.localhost:${stage.platform.routerPort}$`, 'm'));
  assert.equal((await stage.visit('pushed.localhost')).body, 'one');
  const [deployment] = await numbers('pushed');
  assert.deepEqual([deployment?.trigger.kind, deployment?.source.kind], ['push', 'git']);

  // Larger than what Git sends in one piece.
  const big = randomBytes(3_000_000).toString('base64');
  await client.commit({ ...answering('two'), 'big.bin': big });
  const second = await client.run(['push', remote('pushed'), 'main']);
  assert.equal(second.code, 0, second.said);
  assert.equal((await stage.visit('pushed.localhost')).body, 'two');
  const again = await client.run(['push', remote('pushed'), 'main']);
  assert.match(again.said, /Everything up-to-date/);
  assert.equal((await numbers('pushed')).length, 2, 'what is there already is not deployed again');
});

test('2.3 a push whose deployment fails fails, what served before still serves, and the same push can be made again', async () => {
  await create('broken');
  await using client = await GitClient.init(page('good'));
  assert.equal((await client.run(['push', remote('broken'), 'main'])).code, 0);
  const good = await client.head();
  await client.commit(exitingAtStart(1));
  for (const number of [2, 3]) {
    const failed = await client.run(['push', remote('broken'), 'main']);
    assert.equal(failed.code, 1, failed.said);
    assert.match(said(failed), new RegExp(`! \\[remote rejected\\] main -> main \\(#${number} is failed`));
    assert.match(said(failed), /^remote: next: /m);
    assert.match(await branches(client, 'broken'), new RegExp(`${good}\\trefs/heads/main`), 'the branch is put back');
  }
  assert.equal((await stage.visit('broken.localhost')).body, 'good');
});

test('2.3 each environment of the branch is deployed to, another branch deploys nothing, and tags are kept', async () => {
  await create('several');
  for (const [name, branch] of [
    ['staging', 'main'],
    ['next', 'next'],
  ])
    // oxfmt-ignore
    await stage.must('POST', '/api/projects/several/environments', { name, settings: { branch, observationMs: 0 } });
  await using client = await GitClient.init(page('both'));
  const both = await client.run(['push', remote('several'), 'main']);
  assert.equal(both.code, 0, both.said);
  assert.match(said(both), /^remote: production: #\d is live/m);
  assert.match(said(both), /^remote: staging: #\d is live/m);
  const other = await client.run(['push', remote('several'), 'main:refs/heads/other', 'main:refs/tags/v1']);
  assert.equal(other.code, 0, other.said);
  assert.match(said(other), /^remote: no environment of several is deployed from other/m);
  assert.match(said(other), /^remote: v1 is kept; tags deploy nothing/m);
  assert.equal((await numbers('several')).length, 2);
  const removed = await client.run(['push', remote('several'), ':refs/heads/other', ':refs/heads/main']);
  assert.equal(removed.code, 1);
  assert.match(said(removed), /\[deleted\] +other/);
  assert.match(said(removed), /remote rejected\] main \(the environment (production|staging) is deployed from it\)/);
});

test('6 a branch that no environment is deployed from gets a preview where that is asked for, which goes with the branch', async () => {
  await create('shown');
  await using client = await GitClient.init(page('main'));
  const host = 'look-shown.localhost';
  const to = (text: string) => client.commit(page(text)).then(() => client.run(['push', remote('shown'), 'main:look']));
  const off = await to('nobody sees it');
  assert.match(said(off), /^remote: no environment of shown is deployed from look: it is kept/m);
  await stage.must('PATCH', '/api/projects/shown/preview-settings', { branches: true });
  for (const text of ['first', 'second']) {
    const pushed = await to(text);
    assert.equal(pushed.code, 0, pushed.said);
    assert.match(said(pushed), /^remote: #\d is live/m);
    assert.match(said(pushed), new RegExp(`^remote: http://${host}:`, 'm'));
    assert.equal((await stage.visit(host)).body, text);
  }
  await client.commit(exitingAtStart(1));
  const failed = await client.run(['push', remote('shown'), 'main:look']);
  assert.match(said(failed), /! \[remote rejected\] main -> look \(#3 is failed/);
  assert.match(await branches(client, 'shown'), new RegExp(`${await client.head()}\\trefs/heads/look`));
  assert.equal((await stage.visit(host)).body, 'second');
  const removed = await client.run(['push', remote('shown'), ':look']);
  assert.equal(removed.code, 0, removed.said);
  await stage.until('the preview to go', async () => ((await stage.visit(host)).status === 404 ? true : null));
  const main = await client.run(['push', remote('shown'), 'main']);
  assert.match(said(main), /^remote: deploying .* to production as #4$/m);
});

test('5.7 where auto-deploy is held a push is kept, nothing is deployed, and the pusher is told why', async () => {
  await create('held');
  await using client = await GitClient.init(page('1'));
  await client.run(['push', remote('held'), 'main']);
  await client.commit(page('2'));
  await client.run(['push', remote('held'), 'main']);
  await stage.must('POST', '/api/projects/held/environments/production/rollback', {});
  await stage.settle('held', 3);
  await client.commit(page('3'));
  const pushed = await client.run(['push', remote('held'), 'main']);
  assert.equal(pushed.code, 0, pushed.said);
  assert.match(said(pushed), /^remote: nothing is deployed to production: auto-deploy of production is held: /m);
  assert.equal((await numbers('held')).length, 3);
});

test('9.4 without a token, with a wrong one, as a viewer or for another project nobody reads or pushes', async () => {
  await create('closed');
  await using client = await GitClient.init(page('x'));
  const token = async (role: string, project: string | null) =>
    (await stage.must<{ secret: string }>('POST', '/api/tokens', { name: `${role}-${project}`, role, project })).secret;
  const refused = [
    ['wrong', /Authentication failed/],
    [await token('viewer', 'closed'), /error: 403/],
    [await token('developer', 'pushed'), /not found|error: 404/],
  ] as const;
  for (const [secret, reason] of refused) {
    for (const args of [
      ['push', remote('closed', secret), 'main'],
      ['ls-remote', remote('closed', secret)],
    ]) {
      const answer = await client.run(args);
      assert.notEqual(answer.code, 0);
      assert.match(answer.said, reason);
    }
  }
  const allowed = await client.run(['push', remote('closed', await token('developer', 'closed')), 'main']);
  assert.equal(allowed.code, 0, allowed.said);
  const elsewhere = await stage.git.createRepository('elsewhere');
  await stage.must('POST', '/api/projects', { name: 'elsewhere', repository: elsewhere.url });
  assert.match((await client.run(['push', remote('elsewhere'), 'main'])).said, /reads its code from|error: 409/);
});

test('2.3 whoever goes away changes nothing: the deployment goes on, and the branch stays', async () => {
  await create('left');
  await using client = await GitClient.init(slowBuild({ lines: 1, secondsApart: 2 }));
  const gone = new AbortController();
  const pushing = client.run(['push', remote('left'), 'main'], gone.signal);
  await stage.until('the deployment to run', async () =>
    (await numbers('left'))[0]?.state === 'running' ? true : null,
  );
  gone.abort();
  assert.notEqual((await pushing).code, 0);
  assert.equal((await stage.settle('left', 1)).deployment.state, 'completed');
  assert.match(await branches(client, 'left'), /refs\/heads\/main/);
});

test('2.3 of two who push at once one is told to fetch first; who pushes on top of what is under way waits for it', async () => {
  await create('raced');
  await using client = await GitClient.init(slowBuild({ lines: 1, secondsApart: 4 }));
  await using other = await GitClient.init(page('other'));
  const first = client.run(['push', remote('raced'), 'main']);
  await stage.until('the first to be taken', async () => ((await numbers('raced')).length === 1 ? true : null));
  const second = await other.run(['push', remote('raced'), 'main']);
  assert.equal(second.code, 1);
  assert.match(second.said, /fetch first/);
  assert.equal((await numbers('raced')).length, 1, 'nothing of his is deployed');
  await client.commit(page('newer'), 'Newer');
  const third = await client.run(['push', remote('raced'), 'main']);
  assert.equal(third.code, 0, third.said);
  assert.match(said(third), /^remote: waiting: #1 is \w+ in production/m);
  assert.equal((await first).code, 0);
});

test('2.4 a control plane that is killed in the middle loses nothing and doubles nothing', async () => {
  await create('killed');
  await using client = await GitClient.init(slowBuild({ lines: 1, secondsApart: 2 }));
  const pushing = client.run(['push', remote('killed'), 'main']);
  await stage.until('the deployment to run', async () =>
    (await numbers('killed'))[0]?.state === 'running' ? true : null,
  );
  await stage.platform.killControlPlane();
  assert.notEqual((await pushing).code, 0);
  // Its last connections may be told otherwise.
  await stage.until('the router to say that it is down', async () =>
    (await stage.visit(publicHost, '/git/killed.git/info/refs')).status === 503 ? true : null,
  );
  assert.equal((await stage.visit('pushed.localhost')).body, 'two', 'apps are not affected');
  await stage.platform.startControlPlane();
  assert.equal((await stage.settle('killed', 1)).deployment.state, 'completed');
  assert.match((await client.run(['push', remote('killed'), 'main'])).said, /Everything up-to-date/);
  assert.equal((await numbers('killed')).length, 1);
});

test('a project that is deleted leaves no repository behind', async () => {
  const { id } = await create('doomed');
  await using client = await GitClient.init({ 'a.txt': 'a' });
  await client.run(['push', remote('doomed'), 'main:refs/heads/side']);
  const kept = () => readdir(join(stage.platform.dataDir, 'git', 'repositories'));
  assert.ok((await kept()).includes(`${id}.git`));
  await stage.must('DELETE', '/api/projects/doomed');
  await stage.until('the repository to go', async () => ((await kept()).includes(`${id}.git`) ? null : true));
});

test('10 nothing else of the API is reached through the router', async () => {
  const { token } = stage.platform;
  const authorization = `Bearer ${token}`;
  for (const path of ['/api/projects', '/api/webhooks/../projects', '/git/%2e%2e/api/projects', '/git/../api/projects'])
    assert.equal((await stage.visit(publicHost, path, { authorization })).status, 404, path);
  const webhook = await stage.visit(publicHost, '/api/webhooks/github/none', {}, 'POST');
  assert.match(String(webhook.headers['content-type']), /problem\+json/, 'a webhook reaches the API');
});
