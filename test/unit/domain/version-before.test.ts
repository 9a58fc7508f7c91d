import assert from 'node:assert/strict';
import { test } from 'node:test';
import { versionBefore, type KnownVersion } from '../../../src/domain/version-before.ts';

/** `second`: when it got its first traffic; null: not yet. */
function version(id: string, second: number | null, standbyId: string | null = null): KnownVersion {
  const readyAt = second === null ? null : `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
  return { deployment: { id, readyAt }, standbyId };
}

test('5.6 the version before is the one that is kept on standby, whatever else runs', () => {
  const others = [version('old', 1), version('older', 0), version('newer', 2)];
  assert.equal(versionBefore(version('fresh', 3, 'old'), others)?.deployment.id, 'old');
});

test('5.6 without a standby it is the last that got traffic before, in the order of traffic and not of numbers', () => {
  // An automatic rollback, #45, went ahead of #44, which had waited.
  const late44 = version('44', 20);
  const others = [version('43', 5), late44, version('45', 10)];
  assert.equal(versionBefore(version('46', 30), others)?.deployment.id, '44');
  assert.equal(versionBefore(late44, others)?.deployment.id, '45');
});

test('5.6 for one that has had no traffic yet it is what got traffic last', () => {
  const others = [version('1', 5), version('2', 9), version('unborn', null)];
  assert.equal(versionBefore(version('3', null), others)?.deployment.id, '2');
});

test('5.6 a standby that is gone leaves the last before it; nobody came before the first', () => {
  assert.equal(versionBefore(version('3', 9, 'gone'), [version('1', 5)])?.deployment.id, '1');
  const first = version('1', 5);
  assert.equal(versionBefore(first, [first, version('2', 6), version('3', null)]), null);
});
