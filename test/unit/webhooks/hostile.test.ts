import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repositoryIdentity } from '../../../src/domain/repository-identity.ts';
import type { WebhookProvider } from '../../../src/domain/webhook.ts';
import { webhookDrivers } from '../../../src/drivers/webhooks/drivers.ts';

const hash = '2'.repeat(40);
const slashes = '/'.repeat(500_000);

function read(provider: WebhookProvider, headers: Readonly<Record<string, string>>, payload: object) {
  return webhookDrivers[provider].read({ headers, body: new TextEncoder().encode(JSON.stringify(payload)) });
}

const gitlab = (change: object) =>
  read('gitlab', {}, { object_kind: 'push', ref: 'refs/heads/main', before: '1'.repeat(40), after: hash, ...change });

test('hostile addresses, authors and paths cost no time, and what is longer than anybody has is not kept', () => {
  const begun = performance.now();
  assert.equal(repositoryIdentity(`https://h/a${slashes}b`), null);
  assert.equal(repositoryIdentity(`https://h${slashes}`), null);
  assert.equal(repositoryIdentity(`https://h/a${'/'.repeat(1_000)}`), 'h/a');
  const far = gitlab({ project: { git_http_url: `https://h/a${slashes}b`, web_url: 'https://h/a' } });
  assert.deepEqual(far.repositories, ['https://h/a']);
  const target = { hash, message: 'A change', author: { raw: `x${' '.repeat(500_000)}` } };
  const changes = [{ new: { type: 'branch', name: 'main', target }, old: null }];
  const [event] = read('bitbucket', { 'x-event-key': 'repo:push' }, { push: { changes } }).events;
  assert.ok(event?.kind === 'push' && event.author.name === 'x');
  assert.throws(() => gitlab({ ref: `refs/heads/${'a'.repeat(1_025)}` }), { code: 'invalid_input' });
  const commits = [{ id: hash, message: 'A change', added: [], modified: ['a'.repeat(1_025)], removed: [] }];
  const push = { ref: 'refs/heads/main', before: '1'.repeat(40), after: hash, commits };
  const [long] = read('github', { 'x-github-event': 'push' }, push).events;
  assert.ok(long?.kind === 'push' && long.changedPaths === null, 'a path that is left out may be a watched one');
  assert.ok(performance.now() - begun < 2_000);
});
