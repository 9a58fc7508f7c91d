import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectOfOpening, expiresAt, needsApproval, wishOf, type Preview } from '../../../src/domain/preview.ts';
import { defaultPreviewSettings, previewSettingsProblem } from '../../../src/domain/preview-settings.ts';
import type { PullRequestEvent } from '../../../src/domain/repository-event.ts';
import { passwordVerifier } from '../../../src/engine/previews/visitor-password.ts';

const a = 'a'.repeat(40);
const b = 'b'.repeat(40);

test('only a new commit, or opening it again, changes an open preview', () => {
  const open = { open: true, finished: false, commit: a };
  assert.equal(effectOfOpening(open, { commit: a, again: true }), 'none');
  assert.equal(effectOfOpening(open, { commit: b, again: false }), 'push');
  assert.equal(effectOfOpening({ ...open, commit: null }, { commit: null, again: true }), 'push');
});

test('what is late opens no preview that was closed since, and a push opens one that only expired', () => {
  const merged = { open: false, finished: true, commit: a };
  const expired = { open: false, finished: false, commit: a };
  assert.equal(effectOfOpening(merged, { commit: b, again: false }), 'stale');
  assert.equal(effectOfOpening(expired, { commit: a, again: false }), 'stale');
  assert.equal(effectOfOpening(expired, { commit: b, again: false }), 'push');
  assert.equal(effectOfOpening(merged, { commit: a, again: true }), 'push');
});

function waits(fromFork: boolean, commit: string | null, approvedCommit: string | null): boolean {
  const preview: Partial<Preview> = { fromFork, commit, approvedCommit };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it reads these only
  return needsApproval(preview as Preview);
}

test('what comes from a fork needs an approval of that very commit (rule 6)', () => {
  assert.equal(waits(true, a, null), true);
  assert.equal(waits(true, b, a), true);
  assert.equal(waits(true, null, null), true);
  assert.equal(waits(true, a, a), false);
  assert.equal(waits(false, a, null), false);
});

test('a merged pull request closes its preview, one that is opened again opens it again', () => {
  const event: PullRequestEvent = {
    kind: 'pull-request',
    action: 'closed',
    number: 42,
    title: 'Login',
    url: 'https://git.example/pulls/42',
    headBranch: 'login',
    headCommit: a,
    baseBranch: 'main',
    fromFork: true,
    merged: true,
    author: { name: 'a', email: null },
  };
  const closing = wishOf(event);
  assert.deepEqual(closing, {
    kind: 'close',
    subjects: [{ kind: 'pull-request', number: 42 }],
    reason: 'pull request 42 was merged',
  });
  const opening = wishOf({ ...event, action: 'reopened' });
  assert.ok(opening.kind === 'open' && opening.opening.again && opening.opening.fromFork);
  const synchronized = wishOf({ ...event, action: 'synchronized' });
  assert.ok(synchronized.kind === 'open' && !synchronized.opening.again);
});

test('a preview ends its time after the last push (rule 6)', () => {
  const pushedAt = '2026-01-01T00:00:00.000Z';
  assert.equal(expiresAt({ pushedAt }, defaultPreviewSettings.ttlMs), '2026-01-08T00:00:00.000Z');
  assert.equal(expiresAt({ pushedAt }, null), null);
});

test('settings that are not acceptable are named', () => {
  assert.equal(previewSettingsProblem(defaultPreviewSettings), null);
  assert.equal(previewSettingsProblem({ ...defaultPreviewSettings, ttlMs: null }), null);
  assert.match(previewSettingsProblem({ ...defaultPreviewSettings, limit: -1 }) ?? '', /^limit must be a whole number/);
  assert.match(previewSettingsProblem({ ...defaultPreviewSettings, cpuCores: 0 }) ?? '', /^cpuCores must be a number/);
});

test('a password is kept as something from which nobody reads it, another one each time', () => {
  const one = passwordVerifier('correct horse');
  assert.match(one, /^[0-9a-f]{32}:[0-9a-f]{64}$/);
  assert.notEqual(one, passwordVerifier('correct horse'));
});
