import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { chooseStrategy, effectiveStrategy, planRollout, strategyToReplace } from '../../../src/domain/rollout-plan.ts';

const recreate = { ...defaultEnvironmentSettings, strategy: 'recreate' as const };

test('5.2 the plan of recreate says when the old version will not have its whole stop grace', () => {
  const before = { ...recreate, stopGraceMs: 60_000 };
  const { explanation } = planRollout(recreate, { before, target: 'image' });
  assert.ok(
    explanation.includes('the old version has at most 15 s to stop, not its 60 s: requests wait'),
    explanation.join('; '),
  );
  const patient = planRollout(before, { before: recreate, target: 'image' });
  assert.doesNotMatch(patient.explanation.join('; '), /to stop/, 'it is the grace of what is stopped that counts');
});

test('5.2 what the version that is replaced has to itself makes it recreate too', () => {
  const volume = { name: 'data', path: '/data', access: 'exclusive' as const, readOnly: false };
  const before = { ...defaultEnvironmentSettings, volumes: [volume] };
  const settings = { ...defaultEnvironmentSettings, volumes: [{ ...volume, access: 'shared' as const }] };
  assert.equal(planRollout(settings, { before, target: 'image' }).strategy, 'recreate');
  assert.equal(planRollout(settings, { before: null, target: null }).strategy, 'rolling');
});

test('5.2 auto is canary from one request a second on, else rolling; it says so before it is decided', () => {
  assert.deepEqual([0, 0.99, 1, 500].map(chooseStrategy), ['rolling', 'rolling', 'canary', 'canary']);
  const settings = { ...defaultEnvironmentSettings, strategy: 'auto' as const };
  assert.equal(effectiveStrategy({ settings }), 'rolling');
  assert.equal(effectiveStrategy({ settings, chosenStrategy: 'canary' }), 'canary');
  const plan = planRollout(settings, { before: settings, target: 'image' });
  assert.equal(plan.strategy, 'auto');
  assert.match(plan.explanation.join('; '), /canary where what serves had 1 request a second in the last 10 minutes/);
});

test('5.2 auto with an exclusive volume is recreate, whatever was chosen', () => {
  const volume = { name: 'data', path: '/data', access: 'exclusive' as const, readOnly: false };
  const settings = { ...defaultEnvironmentSettings, strategy: 'auto' as const, volumes: [volume] };
  assert.equal(strategyToReplace({ settings, chosenStrategy: 'canary' }, null), 'recreate');
  assert.equal(planRollout(settings, { before: settings, target: 'image' }).strategy, 'recreate');
});
