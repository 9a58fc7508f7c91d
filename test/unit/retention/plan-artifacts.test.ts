import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { array, assert as assertProperty, nat, property } from 'fast-check';
import { planArtifacts, type ArtifactUse, type StoredArtifact } from '../../../src/domain/retention.ts';

const limits = { rollbackTargets: 10, budgetBytes: 100 };

function use(change: Partial<ArtifactUse> = {}): ArtifactUse {
  return {
    project: 'shop',
    environment: 'production',
    newest: 1,
    alive: null,
    completed: 1,
    completedSince: 10,
    ...change,
  };
}

let made = 0;
function image(change: Partial<StoredArtifact> = {}): StoredArtifact {
  made += 1;
  return {
    type: 'image',
    id: `sha256:${String(made).padStart(64, '0')}`,
    sizeBytes: 60,
    named: true,
    foreignTags: [],
    lastUsedAt: made,
    uses: [use()],
    awaitedBy: null,
    ...change,
  };
}

const rulesOf = (artifacts: readonly StoredArtifact[], change = {}) => {
  const { kept, going } = planArtifacts(artifacts, { ...limits, ...change });
  return artifacts.map(({ id }) => [...kept, ...going].find(({ artifact }) => artifact.id === id)?.rule);
};

describe('5.7 what one artifact is kept for, and what not', () => {
  const dead = { lastUsedAt: 1, sizeBytes: 1_000 };
  const cases: readonly (readonly [string, Partial<StoredArtifact>, string, RegExp])[] = [
    [
      'serves',
      { uses: [use({ alive: { number: 5, state: 'completed' } })] },
      'in-use',
      /what #5 of shop runs in production/,
    ],
    [
      'waits to be deployed again',
      { uses: [use({ alive: { number: 6, state: 'pending' } })] },
      'in-use',
      /#6 of shop is pending/,
    ],
    ['is held', { uses: [use({ alive: { number: 6, state: 'paused' } })] }, 'in-use', /#6 of shop is paused/],
    [
      'serves in another environment',
      { uses: [use(), use({ environment: 'staging', alive: { number: 7, state: 'completed' } })] },
      'in-use',
      /in staging/,
    ],
    [
      'is the last target',
      { uses: [use({ completedSince: 9 })] },
      'rollback-target',
      /rollback target: #1 of shop in production, one of the last 10/,
    ],
    [
      'is one target too old',
      { uses: [use({ completedSince: 10 })] },
      'over-budget',
      /no rollback target any more, beyond the budget/,
    ],
    [
      'is a target elsewhere',
      { uses: [use(), use({ environment: 'staging', completedSince: 0 })] },
      'rollback-target',
      /in staging/,
    ],
    ['never served', { uses: [use({ completed: null, completedSince: 0 })] }, 'over-budget', /which never served/],
    ['may be used by a build', { awaitedBy: { project: 'shop', number: 8 } }, 'awaited', /#8 of shop is being made/],
    ['has a name of somebody', { foreignTags: ['mine:1'] }, 'tagged', /somebody named it mine:1/],
    [
      'was built from ours by somebody',
      { uses: [], lastUsedAt: null, named: false, foreignTags: ['theirs:1'] },
      'unknown',
      /made by somebody else/,
    ],
    [
      'was left by a crash',
      { uses: [], lastUsedAt: null },
      'belongs-to-nothing',
      /no deployment and no build knows it/,
    ],
    ['is only known to the cache of builds', { uses: [] }, 'over-budget', /a build that nothing uses, beyond/],
  ];
  for (const [name, change, rule, why] of cases)
    test(`${name}: ${rule}`, () => {
      const { kept, going } = planArtifacts([image({ ...dead, ...change })], limits);
      const [only, ...others] = [...kept, ...going];
      assert.deepEqual([only?.rule, others], [rule, []]);
      assert.match(only?.why ?? '', why);
    });
});

test('the longest unused go first, until the rest fits into the budget', () => {
  const [oldest, older, newer, newest] = [image(), image(), image({ sizeBytes: 40 }), image()];
  const shuffled = [newer, oldest, newest, older];
  const { kept, going } = planArtifacts(shuffled, limits);
  assert.deepEqual(
    going.map(({ artifact }) => artifact.id),
    [oldest.id, older.id],
  );
  assert.deepEqual(
    kept.map(({ artifact }) => artifact.id),
    [newest.id, newer.id],
  );
  assert.match(kept[0]?.why ?? '', /within the budget of 0.1 kB/);
});

test('what is kept anyway takes nothing of the budget, and a budget of nothing keeps nothing else', () => {
  const serving = image({ sizeBytes: 5_000, uses: [use({ alive: { number: 2, state: 'completed' } })] });
  assert.deepEqual(rulesOf([serving, image()]), ['in-use', 'within-budget']);
  assert.deepEqual(rulesOf([serving, image()], { budgetBytes: 0 }), ['in-use', 'over-budget']);
});

test('what is unused for longer never stays where something newer goes, and what stays fits the budget', () => {
  const sizes = array(nat({ max: 90 }), { maxLength: 20 });
  assertProperty(
    property(sizes, nat({ max: 400 }), (bytes, budgetBytes) => {
      const artifacts = bytes.map((sizeBytes, at) => image({ sizeBytes, lastUsedAt: at + 1 }));
      const { kept, going } = planArtifacts(artifacts, { ...limits, budgetBytes });
      const oldestKept = Math.min(...kept.map(({ artifact }) => artifact.lastUsedAt ?? 0));
      assert.ok(going.every(({ artifact }) => (artifact.lastUsedAt ?? 0) < oldestKept));
      assert.ok(kept.reduce((sum, { artifact }) => sum + (artifact.sizeBytes ?? 0), 0) <= budgetBytes);
      assert.equal(kept.length + going.length, artifacts.length);
    }),
  );
});
