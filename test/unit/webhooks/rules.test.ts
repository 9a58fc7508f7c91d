import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, property, stringMatching } from 'fast-check';
import { judgePush, judgePushes, type CommitDeployment, type PushTarget } from '../../../src/domain/auto-deploy.ts';
import type { PushEvent } from '../../../src/domain/repository-event.ts';
import { repositoryIdentity } from '../../../src/domain/repository-identity.ts';
import { skipPhraseOf } from '../../../src/domain/skip-phrase.ts';
import { watchedPath, watchPathProblem } from '../../../src/domain/watch-paths.ts';
import { RefusalMeter } from '../../../src/engine/commands/refusal-meter.ts';

const push: PushEvent = {
  kind: 'push',
  branch: 'main',
  commit: 'a'.repeat(40),
  before: null,
  message: 'A change',
  skipPhrase: null,
  author: { name: 'Ada', email: null },
  changedPaths: ['docs/a.md'],
};

const target: PushTarget = {
  name: 'production',
  settings: { branch: 'main', autoDeploy: true, watchPaths: [] },
  autoDeployHeld: null,
  sameCommit: null,
  head: null,
};

function codeOf(change: Partial<PushTarget>, event: Partial<PushEvent> = {}): string {
  const verdict = judgePush({ ...push, ...event }, { ...target, ...change });
  return verdict.deploy ? 'deploy' : verdict.code;
}

function same(change: Partial<CommitDeployment>): Partial<PushTarget> {
  const stopped = {
    number: 7,
    state: 'stopped',
    serves: false,
    failure: null,
    reason: null,
    overtaken: false,
  } as const;
  return { sameCommit: { ...stopped, ...change } };
}

test('5.6, 5.7 a push is deployed unless auto-deploy is off or held, or the commit serves, is on its way, or was taken back', () => {
  const { settings } = target;
  assert.equal(codeOf({}), 'deploy');
  assert.equal(codeOf({ settings: { ...settings, autoDeploy: false } }), 'auto-deploy-off');
  assert.equal(codeOf({ autoDeployHeld: 'rolled back to #3' }), 'auto-deploy-held');
  assert.equal(codeOf({}, { skipPhrase: '[skip ci]' }), 'skip-phrase');
  assert.equal(codeOf(same({ state: 'completed', serves: true })), 'commit-deployed');
  for (const state of ['pending', 'running', 'deploying', 'ready', 'paused'] as const)
    assert.equal(codeOf(same({ state })), 'commit-deployed', state);
  assert.equal(codeOf(same({ state: 'completed', serves: true, overtaken: true })), 'deploy');
  assert.equal(codeOf(same({ state: 'deploying', overtaken: true })), 'deploy');
  assert.equal(codeOf(same({ state: 'failed', failure: 'rolled_back' })), 'commit-taken-back');
  assert.equal(codeOf(same({ state: 'failed', failure: 'rolled_back', overtaken: true })), 'commit-taken-back');
  assert.equal(codeOf(same({ reason: 'rolled back to #41 by #43 (error rate)' })), 'commit-taken-back');
  assert.equal(codeOf(same({ state: 'failed', failure: 'build_failed' })), 'deploy');
  assert.equal(codeOf(same({ reason: 'replaced by #8' })), 'deploy', 'the branch went back to it');
});

test('2.4 a push gives way to a newer one that waits and is deployed, whatever else it would come to', () => {
  const newer = { ...push, commit: 'b'.repeat(40) };
  const code = (others: readonly PushEvent[], change: Partial<PushTarget> = {}) => {
    const verdict = judgePushes(push, others, { ...target, ...change });
    return verdict.deploy ? 'deploy' : verdict.code;
  };
  assert.equal(code([]), 'deploy');
  assert.equal(code([newer]), 'superseded');
  assert.equal(code([{ ...newer, skipPhrase: '[skip ci]' }]), 'deploy');
  assert.equal(code([{ ...newer, skipPhrase: '[skip ci]' }, newer]), 'superseded');
  assert.equal(code([newer], { autoDeployHeld: 'rolled back to #3' }), 'auto-deploy-held');
});

test('3.3 a push is skipped where none of its paths is watched, and never where its paths are not known', () => {
  const settings = { ...target.settings, watchPaths: ['apps/web'] };
  assert.equal(codeOf({ settings }), 'unwatched-paths');
  assert.equal(codeOf({ settings }, { changedPaths: ['docs/a.md', 'apps/web/a.ts'] }), 'deploy');
  assert.equal(codeOf({ settings }, { changedPaths: null }), 'deploy');
});

function watched(patterns: readonly string[], path: string): boolean {
  return watchedPath(patterns, [path]) !== null;
}

test('3.3 watch paths: segments, any number of them, everything below, and what is taken back', () => {
  for (const [patterns, path, expected] of [
    [[], 'anything', true],
    [['apps/web'], 'apps/web/src/a.ts', true],
    [['apps/web/'], 'apps/web/a', true],
    [['apps/web'], 'apps/website/a', false],
    [['apps/*/src'], 'apps/web/src/deep/a.ts', true],
    [['apps/*/src'], 'apps/a/b/src/a.ts', false],
    [['**/package.json'], 'package.json', true],
    [['**/package.json'], 'a/b/package.json', true],
    [['*.md'], 'readme.md', true],
    [['*.md'], 'docs/readme.md', false],
    [['a?c'], 'abc', true],
    [['a?c'], 'ac', false],
    [['a/**/z'], 'a/z', true],
    [['a/**/z'], 'a/b/c/z', true],
    [['apps/**', '!**/*.md'], 'apps/readme.md', false],
    [['apps/**', '!**/*.md', 'apps/web/readme.md'], 'apps/web/readme.md', true],
    [['!docs'], 'docs/a', false],
    [['!docs'], 'src/a', true],
    [['a+(b)'], 'aab', false],
  ] as const)
    assert.equal(watched(patterns, path), expected, `${patterns.join(' ')} and ${path}`);
});

test('watch paths that no repository has are refused, and those that are taken cost no time whatever they are', () => {
  for (const bad of ['', '!', '/etc', '../a', 'a/../b', './a', 'a\\b', 'a\nb', '!!a', 'x'.repeat(257)])
    assert.notEqual(watchPathProblem(bad), null, JSON.stringify(bad));
  for (const good of ['a', '!a/**', '**/*.ts', 'größe/é?']) assert.equal(watchPathProblem(good), null, good);
  const begun = performance.now();
  const hostile = `${'*a'.repeat(100)}b`;
  watchedPath(Array<string>(100).fill(hostile), ['a'.repeat(255)]);
  watchedPath([`${'**/a/'.repeat(50)}b`], [Array<string>(2_000).fill('a').join('/')]);
  assert.ok(performance.now() - begun < 2_000);
  const segment = stringMatching(/^[a-z]{1,5}$/);
  assertProperty(
    property(array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
      assert.equal(watchedPath([segments.join('/')], [segments.join('/')]), segments.join('/'));
      assert.equal(watchedPath([`**/${segments.at(-1)}`], [segments.join('/')]), segments.join('/'));
      assert.equal(watchedPath([`${segments.join('/')}/x`], [segments.join('/')]), null);
    }),
  );
});

test('skip phrases are found anywhere in the message, in every spelling that is documented, and nothing else is one', () => {
  for (const phrase of [
    '[skip ci]',
    '[ci skip]',
    '[no ci]',
    '[skip cutover]',
    '[no deploy]',
    '[Skip Deploy]',
    '[deploy-skip]',
  ])
    assert.equal(skipPhraseOf(`Words\n\nmore ${phrase} words`), phrase);
  for (const other of ['skip ci', '[skip]', '[ski ci]', 'no deploy', '[no decision]', ''])
    assert.equal(skipPhraseOf(other), null, other);
});

test('an address means the same repository however it is written, and another one only where host or path differ', () => {
  const alike = [
    'https://git.example/Team/App.git',
    'https://git.example:443/team/app',
    'http://git.example/team/app/',
    'https://user:pass@git.example/team/app.git',
    'ssh://git@git.example/team/app.git',
    'ssh://git@git.example:22/team/app',
    'git@git.example:team/app.git',
    'git.example:/team/app',
    'git://git.example/team/app.git',
  ];
  for (const address of alike) assert.equal(repositoryIdentity(address), 'git.example/team/app', address);
  assert.equal(repositoryIdentity('http://127.0.0.1:3000/a/b.git'), '127.0.0.1:3000/a/b');
  assert.equal(repositoryIdentity('ssh://git@git.example:2222/team/app'), 'git.example:2222/team/app');
  assert.equal(repositoryIdentity('file:///srv/git/app.git'), 'file:/srv/git/app');
  for (const none of ['', 'nonsense', 'https://', '/srv/git/app', 'https://host'])
    assert.equal(repositoryIdentity(none), null, none);
});

test('refusals are kept one by one at first, and then counted with the next that is kept', () => {
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const meter = new RefusalMeter(clock);
  assert.deepEqual(
    Array.from({ length: 8 }, () => meter.note('a')),
    [0, 0, 0, 0, 0, null, null, null],
  );
  assert.equal(meter.note('b'), 0);
  now = 10_000;
  assert.deepEqual([meter.note('a'), meter.note('a')], [3, 0]);
});
