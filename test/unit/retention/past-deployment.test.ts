import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExpired, type PastDeployment, type RecordKind } from '../../../src/domain/past-deployment.ts';
import {
  defaultRetentionSettings,
  neededBytes,
  retentionSettingsProblem,
} from '../../../src/domain/retention-settings.ts';

const day = 86_400_000;
const now = 1_000 * day;
const past: PastDeployment = {
  id: 'd',
  project: 'shop',
  environment: 'production',
  number: 1,
  endedAt: now - 31 * day,
  newer: 10,
  logsNeededBy: null,
};

const cases: readonly (readonly [string, RecordKind, Partial<PastDeployment>, boolean])[] = [
  ['logs of more than 30 days go', 'logs', {}, true],
  ['logs of less than 30 days stay', 'logs', { endedAt: now - 29 * day }, false],
  ['logs of the 10 newest deployments stay, however old', 'logs', { newer: 9 }, false],
  ['logs that another deployment goes on writing stay', 'logs', { logsNeededBy: 3 }, false],
  ['a history of 31 days stays', 'history', {}, false],
  ['a history of more than a year goes', 'history', { endedAt: now - 366 * day }, true],
  ['a history goes although the logs of another are there', 'history', { endedAt: 0, logsNeededBy: 3 }, true],
  ['the history of the 10 newest deployments stays, however old', 'history', { endedAt: 0, newer: 9 }, false],
];
for (const [name, kind, change, goes] of cases)
  test(name, () => assert.equal(isExpired(kind, { ...past, ...change }, defaultRetentionSettings, now), goes));

test('a build needs 1 GiB free, or a twentieth of a disk where that is less; a setting is taken as it is', () => {
  assert.equal(neededBytes({ totalBytes: 1e12 }, defaultRetentionSettings), 1_073_741_824);
  assert.equal(neededBytes({ totalBytes: 10e9 }, defaultRetentionSettings), 5e8);
  assert.equal(neededBytes({ totalBytes: 10e9 }, { minFreeBytes: 20e9 }), 20e9);
});

const problem = (change: object) => retentionSettingsProblem({ ...defaultRetentionSettings, ...change }) ?? '';

test('settings that make no sense are named', () => {
  assert.equal(retentionSettingsProblem(defaultRetentionSettings), null);
  assert.match(problem({ rollbackTargets: 0 }), /^rollbackTargets must be a whole number from 1 to 1000$/);
  assert.match(problem({ budgetBytes: -1 }), /^budgetBytes must be/);
  assert.match(problem({ logDays: 1.5 }), /^logDays must be/);
  assert.equal(problem({ minFreeBytes: 0 }), '');
  assert.match(problem({ budgetBytes: null }), /^budgetBytes must be/);
  assert.match(problem({ minFreeBytes: Number.NaN }), /^minFreeBytes must be/);
});
