import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { WebhookProvider, WebhookReading } from '../../../src/domain/webhook.ts';
import { webhookDrivers } from '../../../src/drivers/webhooks/drivers.ts';

const [one, two, none] = ['1'.repeat(40), '2'.repeat(40), '0'.repeat(40)];
const encode = (payload: unknown) => new TextEncoder().encode(JSON.stringify(payload));

function read(provider: WebhookProvider, headers: Readonly<Record<string, string>>, payload: unknown): WebhookReading {
  return webhookDrivers[provider].read({
    headers: { 'content-type': 'application/json', ...headers },
    body: encode(payload),
  });
}

const gitlab = (payload: unknown) => read('gitlab', { 'x-gitlab-event': 'Push Hook' }, payload);
const gitea = (event: string, payload: unknown) => read('gitea', { 'x-gitea-event': event }, payload);
const bitbucket = (event: string, payload: unknown) => read('bitbucket', { 'x-event-key': event }, payload);
const github = (event: string, payload: unknown) => read('github', { 'x-github-event': event }, payload);

const kindsOf = ({ events }: WebhookReading) =>
  events.map((event) => (event.kind === 'pull-request' ? event.action : event.kind));
const pathsOf = ({ events: [event] }: WebhookReading) => (event?.kind === 'push' ? event.changedPaths : 'no push');

test('section 10: each provider is believed only with its own signature over the very bytes', () => {
  const body = encode({ a: 1 });
  const other = encode({ a: 2 });
  const hex = createHmac('sha256', 'secret').update(body).digest('hex');
  const cases: readonly (readonly [WebhookProvider, string, string])[] = [
    ['github', 'x-hub-signature-256', `sha256=${hex}`],
    ['gitea', 'x-gitea-signature', hex],
    ['gitea', 'x-forgejo-signature', hex],
    ['bitbucket', 'x-hub-signature', `sha256=${hex}`],
  ];
  for (const [provider, name, value] of cases) {
    const driver = webhookDrivers[provider];
    assert.ok(driver.isSigned({ headers: { [name]: value }, body }, 'secret'), name);
    assert.ok(driver.isSigned({ headers: { [name]: value.replace(hex, hex.toUpperCase()) }, body }, 'secret'), name);
    for (const bad of ['', hex.slice(1), `sha256=${hex.slice(2)}`, `sha1=${hex}`, `${value}0`, 'sha256='])
      assert.ok(!driver.isSigned({ headers: { [name]: bad }, body }, 'secret'), `${name}: ${bad}`);
    assert.ok(!driver.isSigned({ headers: { [name]: value }, body: other }, 'secret'));
    assert.ok(!driver.isSigned({ headers: { [name]: value }, body }, 'Secret'));
    assert.ok(!driver.isSigned({ headers: {}, body }, 'secret'));
  }
  assert.ok(webhookDrivers.gitlab.isSigned({ headers: { 'x-gitlab-token': 'secret' }, body }, 'secret'));
  for (const headers of [{}, { 'x-gitlab-token': '' }, { 'x-gitlab-token': 'secrets' }, { 'x-gitlab-token': 'Secret' }])
    assert.ok(!webhookDrivers.gitlab.isSigned({ headers, body }, 'secret'));
});

test('a form is read as JSON is, and what is neither is no delivery', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', 'x-github-event': 'push' };
  const payload = { ref: 'refs/heads/main', before: one, after: two, commits: [] };
  const body = new TextEncoder().encode(new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
  assert.deepEqual(kindsOf(webhookDrivers.github.read({ headers: form, body })), ['push']);
  for (const bytes of [encode('x').slice(1), Uint8Array.of(0xff, 0xfe), new Uint8Array(), encode(payload).slice(0, -1)])
    assert.throws(() => webhookDrivers.github.read({ headers: { 'x-github-event': 'push' }, body: bytes }), {
      code: 'invalid_input',
    });
});

const githubPush = {
  ref: 'refs/heads/main',
  before: one,
  after: two,
  created: false,
  deleted: false,
  forced: false,
  commits: [
    { id: one, message: 'First', added: ['b'], modified: ['a'], removed: [] },
    { id: two, message: 'Second\n\nlonger', added: [], modified: ['a'], removed: ['c'] },
  ],
  head_commit: { id: two, message: 'Second\n\n[skip ci]', author: { name: 'Ada', email: 'ada@example.test' } },
  pusher: { name: 'grace' },
  sender: { login: 'grace-h' },
  repository: {
    clone_url: 'https://github.com/team/app.git',
    ssh_url: 'git@github.com:team/app.git',
    html_url: 'https://github.com/team/app',
  },
};

test('GitHub: pushes, tags and deletions, with the paths of all commits where they are all told', () => {
  const reading = github('push', githubPush);
  assert.deepEqual(reading, {
    name: 'push',
    repositories: ['https://github.com/team/app.git', 'git@github.com:team/app.git', 'https://github.com/team/app'],
    sender: 'grace-h',
    events: [
      {
        kind: 'push',
        branch: 'main',
        commit: two,
        before: one,
        message: 'Second',
        skipPhrase: '[skip ci]',
        author: { name: 'Ada', email: 'ada@example.test' },
        changedPaths: ['a', 'b', 'c'],
      },
    ],
    ignored: null,
  });
  assert.equal(pathsOf(github('push', { ...githubPush, forced: true })), null);
  assert.equal(pathsOf(github('push', { ...githubPush, created: true, before: none })), null);
  assert.equal(pathsOf(github('push', { ...githubPush, commits: [] })), null);
  const bare = { id: one, message: 'First' };
  for (const told of [bare, { ...bare, added: ['a'] }, { ...bare, added: null, modified: null, removed: null }])
    assert.equal(pathsOf(github('push', { ...githubPush, commits: [...githubPush.commits, told] })), null);
  const many = Array.from({ length: 3_001 }, (_, n) => `file-${n}`);
  assert.equal(pathsOf(github('push', { ...githubPush, commits: [{ ...githubPush.commits[0], added: many }] })), null);
  const gone = { ...githubPush, after: none, deleted: true, head_commit: null, commits: [] };
  assert.deepEqual(github('push', gone).events, [{ kind: 'branch-deleted', branch: 'main' }]);
  assert.deepEqual(github('push', { ...githubPush, ref: 'refs/tags/v1' }).events, [
    { kind: 'tag', tag: 'v1', commit: two },
  ]);
  assert.deepEqual(github('push', { ...gone, ref: 'refs/tags/v1' }).events, [{ kind: 'tag', tag: 'v1', commit: null }]);
  assert.match(github('push', { ...githubPush, ref: 'refs/notes/x' }).ignored ?? '', /neither a branch nor a tag/);
  assert.throws(() => github('push', { ...githubPush, after: '$(id)' }), { code: 'invalid_input', message: /after/ });
});

const side = (ref: string, sha: string, repo: number | null) => ({
  ref,
  sha,
  repo: repo === null ? null : { id: repo },
});
const githubPull = (action: string, head = side('fix', one, 7)) => ({
  action,
  number: 42,
  pull_request: {
    title: 'A fix',
    html_url: 'https://github.com/team/app/pull/42',
    merged: true,
    user: { login: 'ada' },
    head,
    base: side('main', two, 7),
  },
  sender: { login: 'ada' },
});

test('GitHub: pull requests that were opened, got commits, were closed or opened again; forks, also those that are gone', () => {
  assert.deepEqual(github('pull_request', githubPull('closed')).events, [
    {
      kind: 'pull-request',
      action: 'closed',
      number: 42,
      title: 'A fix',
      url: 'https://github.com/team/app/pull/42',
      headBranch: 'fix',
      headCommit: one,
      baseBranch: 'main',
      fromFork: false,
      merged: true,
      author: { name: 'ada', email: null },
    },
  ]);
  const kinds = ['opened', 'synchronize', 'reopened', 'labeled', 'constructor'].map((action) =>
    kindsOf(github('pull_request', githubPull(action))),
  );
  assert.deepEqual(kinds, [['opened'], ['synchronized'], ['reopened'], [], []]);
  for (const repo of [8, null]) {
    const [event] = github('pull_request', githubPull('opened', side('fix', one, repo))).events;
    assert.ok(event?.kind === 'pull-request' && event.fromFork);
  }
  assert.match(github('star', {}).ignored ?? '', /nothing follows from star/);
});

const gitlabPush = {
  object_kind: 'push',
  ref: 'refs/heads/main',
  before: one,
  after: two,
  user_name: 'Grace Hopper',
  user_username: 'grace',
  user_email: '',
  project: {
    git_http_url: 'https://gitlab.example/team/app.git',
    git_ssh_url: 'git@gitlab.example:team/app.git',
    web_url: 'https://gitlab.example/team/app',
  },
  commits: [
    {
      id: two,
      message: 'Second\n',
      author: { name: 'Ada', email: 'ada@example.test' },
      added: ['b'],
      modified: [],
      removed: null,
    },
  ],
  total_commits_count: 1,
};
const gitlabMerge = (attributes: object) => ({
  object_kind: 'merge_request',
  user: { name: 'Ada', username: 'ada' },
  project: gitlabPush.project,
  object_attributes: {
    iid: 5,
    title: 'A fix',
    url: 'https://gitlab.example/team/app/-/merge_requests/5',
    source_branch: 'fix',
    target_branch: 'main',
    source_project_id: 7,
    target_project_id: 7,
    last_commit: { id: one },
    ...attributes,
  },
});

test('GitLab: pushes, tags, deletions and merge requests; an update is one of commits only where it brings some', () => {
  const reading = gitlab(gitlabPush);
  assert.deepEqual(
    [reading.sender, reading.repositories.length, reading.events],
    [
      'grace',
      3,
      [
        {
          kind: 'push',
          branch: 'main',
          commit: two,
          before: one,
          message: 'Second',
          skipPhrase: null,
          author: { name: 'Ada', email: 'ada@example.test' },
          changedPaths: null,
        },
      ],
    ],
  );
  assert.deepEqual(kindsOf(gitlab({ ...gitlabPush, after: none, commits: [], checkout_sha: null })), [
    'branch-deleted',
  ]);
  const tag = { ...gitlabPush, object_kind: 'tag_push', ref: 'refs/tags/v1' };
  assert.deepEqual(gitlab(tag).events, [{ kind: 'tag', tag: 'v1', commit: two }]);
  const kinds = [
    { action: 'open' },
    { action: 'update', oldrev: two },
    { action: 'update' },
    { action: 'reopen' },
    { action: 'close' },
    { action: 'merge' },
    { action: 'approved' },
  ].map((attributes) => kindsOf(gitlab(gitlabMerge(attributes))));
  assert.deepEqual(kinds, [['opened'], ['synchronized'], [], ['reopened'], ['closed'], ['closed'], []]);
  const [merged] = gitlab(gitlabMerge({ action: 'merge', source_project_id: 8 })).events;
  assert.ok(merged?.kind === 'pull-request' && merged.merged && merged.fromFork);
  assert.match(gitlab({ object_kind: 'pipeline' }).ignored ?? '', /nothing follows from pipeline/);
});

test('GitLab: a delivery is known by its key; before 17.4 by the event and the body', () => {
  const body = encode(gitlabPush);
  assert.equal(
    webhookDrivers.gitlab.deliveryId({ headers: { 'idempotency-key': 'k', 'x-gitlab-event-uuid': 'e' }, body }),
    'k',
  );
  const old = webhookDrivers.gitlab.deliveryId({ headers: { 'x-gitlab-event-uuid': 'e' }, body });
  assert.match(old ?? '', /^e [0-9a-f]{64}$/);
  assert.notEqual(webhookDrivers.gitlab.deliveryId({ headers: { 'x-gitlab-event-uuid': 'e' }, body: encode({}) }), old);
  assert.equal(webhookDrivers.gitlab.deliveryId({ headers: {}, body }), null);
});

const giteaRepository = {
  clone_url: 'https://gitea.example/team/app.git',
  ssh_url: 'git@gitea.example:team/app.git',
  html_url: 'https://gitea.example/team/app',
};
const giteaPush = {
  ref: 'refs/heads/main',
  before: one,
  after: two,
  commits: [
    {
      id: two,
      message: 'Second',
      author: { name: 'Ada', email: 'ada@example.test' },
      added: [],
      modified: ['a'],
      removed: [],
    },
  ],
  total_commits: 1,
  head_commit: { id: two, message: 'Second', author: { name: 'Ada', email: 'ada@example.test' } },
  repository: giteaRepository,
  pusher: { login: 'grace' },
  sender: { login: 'grace' },
};
const giteaPull = (action: string, head = 7) => ({
  action,
  number: 3,
  pull_request: {
    title: 'A fix',
    html_url: 'https://gitea.example/team/app/pulls/3',
    merged: false,
    user: { login: 'ada' },
    head: { ref: 'fix', sha: one, repo_id: head },
    base: { ref: 'main', sha: two, repo_id: 7 },
  },
  repository: giteaRepository,
  sender: { login: 'ada' },
});

test('Gitea and Forgejo: pushes, tags, deletions and pull requests', () => {
  const reading = gitea('push', giteaPush);
  assert.deepEqual([reading.sender, pathsOf(reading)], ['grace', null]);
  assert.deepEqual(read('gitea', { 'x-forgejo-event': 'push' }, giteaPush), reading);
  assert.deepEqual(kindsOf(gitea('push', { ...giteaPush, ref: 'refs/tags/v1' })), ['tag']);
  const gone = { ref: 'fix', ref_type: 'branch', pusher_type: 'user', repository: giteaRepository };
  assert.deepEqual(gitea('delete', gone).events, [{ kind: 'branch-deleted', branch: 'fix' }]);
  assert.deepEqual(gitea('delete', { ...gone, ref_type: 'tag' }).events, [{ kind: 'tag', tag: 'fix', commit: null }]);
  const kinds = ['opened', 'synchronized', 'closed', 'reopened', 'label_updated'].map((action) =>
    kindsOf(gitea('pull_request', giteaPull(action))),
  );
  assert.deepEqual(kinds, [['opened'], ['synchronized'], ['closed'], ['reopened'], []]);
  const [forked] = gitea('pull_request', giteaPull('opened', 8)).events;
  assert.ok(forked?.kind === 'pull-request' && forked.fromFork);
  assert.match(gitea('create', gone).ignored ?? '', /nothing follows from create/);
});

const pointer = (type: string, name: string, hash: string) => ({
  type,
  name,
  target: { hash, message: 'Second [no deploy]\n', author: { raw: 'Ada <ada@example.test>' } },
});
const bitbucketRepository = { full_name: 'team/app', links: { html: { href: 'https://bitbucket.org/team/app' } } };
const bitbucketPull = (source = 'team/app') => ({
  actor: { nickname: 'ada' },
  repository: bitbucketRepository,
  pullrequest: {
    id: 9,
    title: 'A fix',
    author: { nickname: 'ada' },
    links: { html: { href: 'https://bitbucket.org/team/app/pull-requests/9' } },
    source: { branch: { name: 'fix' }, commit: { hash: one.slice(0, 12) }, repository: { full_name: source } },
    destination: {
      branch: { name: 'main' },
      commit: { hash: two.slice(0, 12) },
      repository: { full_name: 'team/app' },
    },
  },
});

test('Bitbucket: every change of a push by itself, tags, deletions and pull requests', () => {
  const changes = [
    { new: pointer('branch', 'main', two), old: pointer('branch', 'main', one) },
    { new: null, old: pointer('branch', 'fix', one) },
    { new: pointer('tag', 'v1', two), old: null },
    { new: pointer('branch', 'next', two), old: null },
  ];
  const reading = bitbucket('repo:push', {
    actor: { nickname: 'ada' },
    repository: bitbucketRepository,
    push: { changes },
  });
  assert.deepEqual(kindsOf(reading), ['push', 'branch-deleted', 'tag', 'push']);
  assert.deepEqual(reading.events[0], {
    kind: 'push',
    branch: 'main',
    commit: two,
    before: one,
    message: 'Second [no deploy]',
    skipPhrase: '[no deploy]',
    author: { name: 'Ada', email: 'ada@example.test' },
    changedPaths: null,
  });
  assert.ok(reading.repositories.includes('https://bitbucket.org/team/app'));
  const kinds = ['created', 'updated', 'fulfilled', 'rejected', 'approved'].map((event) =>
    kindsOf(bitbucket(`pullrequest:${event}`, bitbucketPull())),
  );
  assert.deepEqual(kinds, [['opened'], ['synchronized'], ['closed'], ['closed'], []]);
  const [forked] = bitbucket('pullrequest:created', bitbucketPull('ada/app')).events;
  assert.ok(forked?.kind === 'pull-request' && forked.fromFork && !forked.merged);
  assert.match(bitbucket('repo:refs_changed', {}).ignored ?? '', /nothing follows/);
});

test('whatever a body holds, it is read, ignored or refused, and never anything else', () => {
  const odd = [null, 1, 'x', [], {}, { repository: 7 }, { action: {}, sender: null }, { push: { changes: [{}] } }];
  const events = ['push', 'pull_request', 'delete', 'repo:push', 'pullrequest:created', 'unheard-of'];
  for (const payload of odd)
    for (const event of events)
      for (const look of [github, gitea, bitbucket, (_: string, body: unknown) => gitlab(body)])
        try {
          look(event, payload);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'invalid_input', `${event}: ${JSON.stringify(payload)}`);
        }
});

test('of what a push of Bitbucket changes the first hundred are read', () => {
  const changes = Array.from({ length: 300 }, (_, n) => ({ new: pointer('branch', `b${n}`, two), old: null }));
  assert.equal(bitbucket('repo:push', { push: { changes } }).events.length, 100);
});

test('3.3 GitLab and Gitea do not say that a push takes commits away: of none of theirs the paths are known', () => {
  assert.equal(pathsOf(gitlab({ ...gitlabPush, total_commits_count: 1 })), null);
  assert.equal(pathsOf(gitea('push', giteaPush)), null);
});
