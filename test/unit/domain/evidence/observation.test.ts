import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canarySteps } from '../../../../src/domain/evidence/observation-settings.ts';
import { viewOf } from '../../../../src/domain/evidence/observation-view.ts';
import { advance, growth } from '../../../../src/domain/evidence/observation.ts';
import { Observed, countsOf } from './observe.ts';

const minute = 60_000;
const shares = (observed: Observed) => observed.all('share').map(({ share }) => share);

/** Direct, suspected: 3 of 3 requests failed at 21 s, beyond a cold start. */
function challenged(settings: ConstructorParameters<typeof Observed>[1] = {}): Observed {
  const observed = new Observed({}, settings).repeat(20, 1_000, [1, 0, 0, 0]).requests(1_000, [3, 3, 0, 0]);
  assert.equal(observed.phase, 'challenge-1');
  return observed;
}

test('direct: all traffic at once, done 15 min after the switch, promoted', () => {
  const observed = new Observed();
  assert.deepEqual(observed.decisions, [{ type: 'share', share: 100 }]);
  observed.repeat(899, 1_000, [10, 0, 0, 0]);
  assert.equal(observed.phase, 'full');
  observed.requests(1_000, [10, 0, 0, 0]);
  assert.deepEqual(observed.decisions.slice(1), [{ type: 'promote' }, { type: 'done' }]);
  const after = observed.state;
  assert.deepEqual(observed.requests(1_000, [5, 5, 0, 0]).state, after, 'after done nothing changes');
});

test('canary: 10 % until 50 units and 15 s, 30 % until 200 units and 15 s, then all; 15 min count from the switch', () => {
  const observed = new Observed({ mode: 'canary' });
  assert.deepEqual(shares(observed), [10]);
  observed.repeat(14, 1_000, [10, 0, 90, 0]);
  assert.equal(observed.phase, 'canary-1', '140 units, but only 14 s');
  observed.requests(1_000, [10, 0, 90, 0]);
  assert.deepEqual(shares(observed), [10, 30]);
  observed.repeat(15, 1_000, [13, 0, 30, 0]);
  assert.equal(observed.phase, 'canary-2', '195 units');
  observed.requests(1_000, [5, 0, 10, 0]);
  assert.deepEqual(shares(observed), [10, 30, 100]);
  observed.repeat(899, 1_000, [40, 0, 0, 0]);
  assert.equal(observed.phase, 'full');
  assert.equal(observed.requests(1_000, [40, 0, 0, 0]).phase, 'done');
});

test('canary: with little traffic the first step takes 60 s and the second 120 s', () => {
  const observed = new Observed({ mode: 'canary' });
  observed.repeat(59, 1_000, [0, 0, 1, 0]);
  assert.equal(observed.phase, 'canary-1');
  assert.equal(observed.feed(1_000).phase, 'canary-2');
  assert.equal(observed.repeat(119, 1_000, [0, 0, 1, 0]).phase, 'canary-2');
  assert.equal(observed.feed(1_000).phase, 'full');
});

test('canary: the shares can be set', () => {
  const observed = new Observed({ mode: 'canary' }, { steps: canarySteps([5, 25, 50]) });
  for (let i = 0; i < 3; i += 1) observed.repeat(120, 1_000, [20, 0, 80, 0], (one) => shares(one).length > i + 1);
  assert.deepEqual(shares(observed), [5, 25, 50, 100]);
});

test('canary: not to the next step while E > 20, for at most 120 s more', () => {
  const observed = new Observed({ mode: 'canary' }).feed(11_000);
  observed.requests(1_000, [2, 2, 18, 0]).requests(1_000, [2, 1, 18, 0]);
  const evidence = viewOf(observed.state).evidence;
  assert.ok(evidence > 20 && evidence < 1_000, String(evidence));
  observed.repeat(46, 1_000, [0, 0, 0, 0]);
  assert.equal(observed.now, 59_000);
  observed.repeat(120, 1_000, [0, 0, 0, 0]);
  assert.equal(observed.phase, 'canary-1', '119 s after 60 s');
  assert.equal(observed.feed(1_000).phase, 'canary-2');
});

test('canary: all bad rolls back within the first 10 s too, with the rates in the reason', () => {
  const observed = new Observed({ mode: 'canary' }).repeat(
    9,
    1_000,
    [2, 2, 18, 0],
    (one) => one.phase === 'rolled-back',
  );
  assert.equal(observed.now, 2_000, 'at the second bucket');
  assert.deepEqual(observed.last, {
    type: 'roll-back',
    cause: 'error-rate',
    reason: 'error rate 100 % against 0 %',
    probable: false,
    target: 'old',
  });
});

test('hold: E crosses within 10 s of the first traffic and less than 80 % is bad: 1 % until the 10 s are over, then anew', () => {
  const observed = new Observed({ mode: 'canary' }).requests(2_000, [5, 0, 10, 0]).requests(1_000, [20, 10, 180, 0]);
  assert.equal(observed.phase, 'hold');
  assert.deepEqual([shares(observed), observed.alerts()], [[10, 1], ['hold']]);
  assert.equal(observed.requests(8_900, [10, 5, 990, 0]).phase, 'hold', '11.9 s, first traffic at 2 s');
  observed.feed(100);
  assert.deepEqual([observed.phase, shares(observed), viewOf(observed.state).evidence], ['canary-1', [10, 1, 10], 1]);
  assert.equal(observed.requests(1_000, [20, 10, 180, 0]).phase, 'rolled-back', 'the second time');
});

test('hold: a version that turns out to be 80 % bad is rolled back at once', () => {
  const observed = new Observed({ mode: 'canary' }).requests(1_000, [20, 14, 180, 0]);
  assert.equal(observed.phase, 'hold');
  assert.equal(observed.requests(1_000, [20, 20, 980, 0]).phase, 'rolled-back');
});

test('hold: not for a version that fails all of its visitors, though it passes the probes', () => {
  const observed = new Observed({ mode: 'canary' });
  for (let i = 0; i < 9 && observed.phase === 'canary-1'; i += 1)
    observed.feed(1_000, { counts: [...countsOf([1, 1, 17, 0]), ...probes(0), ...probes(0)] });
  assert.deepEqual([observed.phase, observed.alerts()], ['rolled-back', []]);
});

test('hold: once per deployment, and not for a fix-forward', () => {
  const forward = new Observed({ mode: 'canary', last5Minutes: { units: 100, bad: 20 } });
  assert.deepEqual([forward.phase, shares(forward)], ['full', [100]]);
  forward.requests(100, [10, 6, 0, 0]);
  assert.equal(forward.phase, 'challenge-1');
  forward.repeat(20, 100, [10, 5, 40, 0], (one) => one.phase !== 'challenge-1');
  assert.deepEqual([forward.phase, forward.now < 10_000], ['rolled-back', true]);
});

test('full: suspicion opens a challenge at 20 %, where 2/alpha rolls back', () => {
  const observed = challenged();
  assert.deepEqual([shares(observed), observed.alerts()], [[100, 20], ['challenge']]);
  assert.equal(viewOf(observed.state).threshold, 2_000);
  observed.repeat(10, 100, [4, 4, 16, 0], (one) => one.phase === 'rolled-back');
  assert.deepEqual([observed.phase, shares(observed).length], ['rolled-back', 2]);
});

test('full: what 2 failed requests show is no suspicion', () => {
  assert.equal(new Observed().requests(20_000, [20, 0, 0, 0]).requests(100, [2, 2, 0, 0]).phase, 'full');
});

test('challenge: a shared incident clears it, and for 30 s nothing is suspected', () => {
  const observed = challenged().requests(1_000, [5, 5, 20, 20]);
  assert.deepEqual([observed.phase, observed.alerts()], ['full', ['challenge', 'shared-incident']]);
  assert.equal(observed.repeat(29, 1_000, [10, 10, 0, 0]).phase, 'full');
  assert.equal(observed.requests(1_000, [10, 10, 0, 0]).phase, 'challenge-2');
  assert.equal(viewOf(observed.state).threshold, 4_000);
});

test('challenge: the blip is over: all traffic again, and suspicion at once if it returns', () => {
  const observed = challenged().repeat(60, 1_000, [20, 0, 80, 0], (one) => one.phase === 'full');
  assert.equal(observed.phase, 'full');
  assert.equal(observed.requests(1_000, [10, 10, 0, 0]).phase, 'challenge-2');
});

test('fails under load: healthy in three challenges, and suspected each time within 60 s of all traffic', () => {
  const observed = challenged();
  for (let cycle = 1; cycle <= 3; cycle += 1) {
    assert.equal(observed.phase, `challenge-${cycle}`);
    observed.repeat(60, 1_000, [20, 0, 80, 0], (one) => one.phase === 'full').requests(10_000, [100, 30, 0, 0]);
  }
  assert.equal(observed.phase, 'rolled-back');
  const last = observed.last;
  assert.ok(last?.type === 'roll-back' && last.cause === 'fails-under-load');
  assert.match(last.reason, /healthy at 20 % of the traffic, 3 times/);
});

test('fails under load: a break of more than 60 s, or an old version that failed as well, starts the count again', () => {
  const apart = challenged();
  for (let cycle = 1; cycle <= 3; cycle += 1)
    apart.repeat(60, 1_000, [20, 0, 80, 0], (one) => one.phase === 'full').requests(61_000, [100, 30, 0, 0]);
  assert.equal(apart.phase, 'challenge-4');
  const shared = challenged();
  for (let cycle = 1; cycle <= 3; cycle += 1)
    shared
      .requests(500, [0, 0, 16, 4])
      .repeat(60, 1_000, [20, 0, 80, 0], (one) => one.phase === 'full')
      .requests(10_000, [100, 30, 0, 0]);
  assert.equal(shared.phase, 'challenge-4');
});

test('there are at most 6 challenges; then an alert, and the observation ends as usual', () => {
  const observed = challenged();
  for (let cycle = 1; cycle <= 6; cycle += 1)
    observed.repeat(60, 1_000, [5, 5, 20, 20], (one) => one.phase === 'full').requests(31_000, [10, 10, 0, 0]);
  assert.deepEqual([observed.phase, observed.alerts()], ['full', ['challenge', 'shared-incident', 'unproven']]);
  observed.repeat(900, 1_000, [10, 10, 0, 0], (one) => one.phase === 'done');
  assert.equal(observed.phase, 'done');
  assert.ok(observed.now - 15 * minute < 1_000, String(observed.now));
});

test('challenge at the end: the observation is longer by at most 15 min; then E >= 20 is a probable rollback', () => {
  const observed = challenged().requests(1_000, [2, 2, 18, 0]).requests(1_000, [2, 1, 18, 0]);
  observed.feed(15 * minute);
  assert.equal(observed.phase, 'challenge-1');
  observed.feed(15 * minute);
  const last = observed.last;
  assert.ok(last?.type === 'roll-back' && last.probable);
});

test('challenge at the end: with less evidence it is promoted, with an alert', () => {
  const observed = challenged()
    .requests(1_000, [2, 1, 18, 0])
    .feed(30 * minute);
  assert.deepEqual(
    observed.decisions.slice(-4).map((decision) => decision.type),
    ['alert', 'share', 'promote', 'done'],
  );
  assert.deepEqual([observed.alerts().at(-1), shares(observed).at(-1)], ['undecided', 100]);
});

const rolledBack = () => challenged().repeat(10, 100, [4, 4, 16, 0], (one) => one.phase === 'rolled-back');

test('rolled back: after 60 s it is done; an old version that fails half as often is told as an incident', () => {
  const fine = rolledBack().repeat(60, 1_000, [0, 0, 10, 0]);
  assert.deepEqual([fine.phase, fine.last?.type, fine.alerts()], ['done', 'done', ['challenge']]);
  const incident = rolledBack().repeat(60, 1_000, [0, 0, 10, 5]);
  assert.deepEqual([incident.phase, incident.alerts().at(-1)], ['done', 'incident-not-this-version']);
});

test('first deployment: no target. Errors only alert, a crash loop is failed', () => {
  const observed = new Observed({ mode: 'canary', old: 'none', baseline: { units: 0, bad: 0 } });
  assert.deepEqual([observed.phase, shares(observed)], ['full', [100]]);
  observed.repeat(10, 1_000, [10, 10, 0, 0]);
  assert.equal(observed.phase, 'full');
  observed.feed(100, { trigger: { cause: 'crash-loop', reason: '2 exits within 60 s' } });
  assert.deepEqual(observed.decisions.slice(-2), [
    { type: 'roll-back', cause: 'crash-loop', reason: '2 exits within 60 s', probable: false, target: 'none' },
    { type: 'done' },
  ]);
});

test('an old version that does not run gets no traffic: no canary, no challenge, an alert', () => {
  const observed = new Observed({ mode: 'canary', old: 'stopped' }).requests(20_000, [20, 0, 0, 0]);
  observed.requests(100, [10, 10, 0, 0]);
  assert.deepEqual([observed.phase, shares(observed), observed.alerts()], ['full', [100], ['unproven']]);
});

test('crash loop and health roll back in every phase, without evidence', () => {
  for (const observed of [
    new Observed(),
    new Observed({ mode: 'canary' }),
    new Observed({ mode: 'stepped' }),
    challenged(),
  ]) {
    observed.feed(100, { trigger: { cause: 'health', reason: '3 failures in a row' } });
    assert.deepEqual([observed.phase, observed.all('roll-back').length, observed.state.share], ['rolled-back', 1, 0]);
    observed.feed(100, { trigger: { cause: 'health', reason: 'again' } });
    assert.equal(observed.all('roll-back').length, 1, 'once');
  }
});

test('stepped: where nobody comes any more, raised evidence keeps it no longer than a canary', () => {
  const observed = new Observed({ mode: 'stepped' }).shareIs(33).feed(11_000);
  observed.requests(1_000, [7, 5, 14, 0]).requests(1_000, [7, 0, 14, 0]);
  const { extraWaitMs } = observed.state.settings.raised;
  observed.feed(extraWaitMs - 2_000);
  assert.equal(growth(observed.state, observed.now).may, false);
  observed.feed(2_000);
  assert.ok(viewOf(observed.state).evidence > 20);
  assert.equal(growth(observed.state, observed.now).may, true);
});

test('stepped: the share comes from outside, and may grow only while E <= 20', () => {
  const observed = new Observed({ mode: 'stepped' }).shareIs(33).feed(11_000);
  assert.deepEqual(growth(observed.state, observed.now), { may: true, heldForMs: 0 });
  observed.requests(1_000, [7, 5, 14, 0]).requests(1_000, [7, 0, 14, 0]);
  assert.ok(viewOf(observed.state).evidence > 20);
  assert.deepEqual(growth(observed.state, observed.now), { may: false, heldForMs: 1_000 });
  observed.repeat(40, 1_000, [7, 0, 14, 1], (one) => viewOf(one.state).evidence <= 20);
  assert.deepEqual(growth(observed.state, observed.now), { may: true, heldForMs: 0 });
  assert.equal(observed.shareIs(66).requests(1_000, [14, 0, 7, 0]).phase, 'stepped');
  assert.equal(observed.shareIs(100).feed(1_000).phase, 'full');
  assert.deepEqual(shares(observed), [], 'nothing to tell the router');
});

test('stepped: evidence rolls back as in a canary', () => {
  const observed = new Observed({ mode: 'stepped' }).shareIs(50).feed(1_000);
  assert.equal(observed.requests(1_000, [10, 10, 10, 0]).phase, 'rolled-back');
});

test('a bucket is closed when the share changes', () => {
  const observed = new Observed({ mode: 'stepped' }).shareIs(33).feed(1_000).requests(11_000, [2, 1, 5, 0]);
  assert.equal(viewOf(observed.state).evidence, 1, 'open');
  observed.shareIs(66).feed(100);
  assert.ok(viewOf(observed.state).evidence > 1);
});

const probes = (bad: number) => [
  { version: 'new', stratum: 'probe', route: '/', units: 1, bad } as const,
  { version: 'old', stratum: 'probe', route: '/', units: 1, bad: 0 } as const,
];

test('probes alone find a version that fails them, also without visitors', () => {
  const observed = new Observed();
  for (let second = 0; second < 60 && observed.phase !== 'rolled-back'; second += 1)
    observed.feed(1_000, { counts: probes(1) });
  assert.equal(observed.phase, 'rolled-back');
  assert.ok(observed.now <= 30_000, String(observed.now));
  assert.equal(viewOf(observed.state).requests.new.units, 0, 'probes are no visitors');
});

test('the view tells phase, share, evidence, both sides and what could not have been seen', () => {
  const observed = new Observed({ mode: 'canary' }).requests(11_000, [2, 0, 18, 0]).requests(1_000, [2, 1, 18, 0]);
  const { evidence, ...rest } = viewOf(observed.state);
  assert.ok(Math.abs(evidence - (0.525 * 4.521515 + 0.475)) < 1e-5);
  assert.deepEqual(rest, {
    phase: 'canary-1',
    share: 10,
    threshold: 1_000,
    compared: { new: { units: 4, bad: 1 }, old: { units: 36, bad: 0 } },
    requests: { new: { units: 4, bad: 1 }, old: { units: 36, bad: 0 } },
    limits: 'this deployment saw 4 requests: too few to notice any failure by',
  });
});

test('the reducer changes nothing it was given', () => {
  const observed = challenged();
  const before = JSON.stringify(observed.state);
  advance(observed.state, {
    now: observed.now + 100,
    inForce: { share: 20, since: observed.now },
    counts: countsOf([4, 4, 16, 0]),
  });
  assert.equal(JSON.stringify(observed.state), before);
});
