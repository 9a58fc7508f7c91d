import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestOutcome } from '../../../../src/domain/evidence/request-outcome.ts';
import { defaultObservationSettings } from '../../../../src/domain/evidence/observation-settings.ts';
import { viewOf } from '../../../../src/domain/evidence/observation-view.ts';
import { Observed } from './observe.ts';

type Some = Partial<RequestOutcome> & Pick<RequestOutcome, 'version'>;

function outcome(at: number, some: Some): RequestOutcome {
  const fine = {
    status: 200,
    termination: 'complete',
    client: null,
    route: '/',
    durationMs: 50,
    upgrade: false,
  } as const;
  return { ...fine, at, ...some };
}

/** `count` outcomes at the end of the next `ms`. */
function feed(observed: Observed, ms: number, count: number, some: Some): Observed {
  const at = observed.now + ms;
  return observed.feed(ms, { outcomes: Array.from({ length: count }, () => outcome(at, some)) });
}

test('single outcomes are counted like counts: bad ones roll a canary back', () => {
  const observed = new Observed({ mode: 'canary' });
  for (let i = 0; i < 5 && observed.phase === 'canary-1'; i += 1) {
    feed(observed, 900, 18, { version: 'old' });
    feed(observed, 100, 2, { version: 'new', status: 503 });
  }
  assert.equal(observed.phase, 'rolled-back');
});

test('calls of clients that went away are in no count', () => {
  const observed = new Observed({ mode: 'canary' });
  feed(observed, 1_000, 30, { version: 'new', status: 503, termination: 'client-gone' });
  const { requests, compared } = viewOf(observed.state);
  assert.deepEqual([requests.new.units, compared.new.units, observed.state.firstTrafficAt], [0, 0, 1_000]);
});

test('a bot that fails always is one unit with one failure, and raises no suspicion', () => {
  const canary = new Observed({ mode: 'canary' });
  for (let i = 0; i < 20; i += 1) {
    feed(canary, 500, 18, { version: 'old' });
    feed(canary, 500, 5, { version: 'new', client: 'bot', status: 500 });
  }
  assert.deepEqual(viewOf(canary.state).compared.new, { units: 1, bad: 1 });
  assert.equal(canary.all('roll-back').length, 0);
  const direct = new Observed();
  for (let i = 0; i < 60; i += 1) feed(direct, 1_000, 5, { version: 'new', client: `bot${i % 2}`, status: 500 });
  assert.equal(direct.phase, 'full');
  feed(direct, 1_000, 3, { version: 'new', status: 500 });
  assert.equal(direct.phase, 'challenge-1', 'others still do');
});

test('a request that began before the share was in force is no evidence: what hangs would show on one side only', () => {
  const observed = new Observed();
  feed(observed, 20_000, 20, { version: 'new' });
  feed(observed, 100, 3, { version: 'new', status: null, termination: 'stalled', durationMs: 5_000 });
  assert.equal(observed.phase, 'challenge-1');
  for (let i = 0; i < 40; i += 1) {
    feed(observed, 50, 8, { version: 'old' });
    feed(observed, 50, 2, { version: 'new', status: null, termination: 'stalled', durationMs: 5_000 });
  }
  assert.equal(observed.phase, 'challenge-1');
  assert.equal(viewOf(observed.state).compared.new.units, 0);
});

const stalled = (begunAt: number) =>
  ({ version: 'new', stratum: 'request', route: '/', units: 3, bad: 3, begunAt }) as const;

test('counts of requests that began before the share was in force raise suspicion, but are no evidence', () => {
  const observed = new Observed();
  observed.feed(20_000, { outcomes: [] }).feed(1_000, { counts: [stalled(-1)] });
  assert.equal(observed.phase, 'challenge-1');
  observed.feed(1_000, { counts: [stalled(20_999)] });
  assert.equal(viewOf(observed.state).compared.new.units, 0);
  observed.feed(1_000, { counts: [stalled(21_000)] });
  assert.equal(viewOf(observed.state).compared.new.units, 3);
});

test('slow: counted from 30 s after the first traffic, by default it holds the canary and alerts', () => {
  const observed = new Observed({ mode: 'canary' });
  const second = () => {
    feed(observed, 500, 27, { version: 'old' });
    feed(observed, 500, 3, { version: 'new', durationMs: 201 });
  };
  for (let i = 0; i < 15; i += 1) second();
  assert.deepEqual(observed.alerts(), []);
  for (let i = 0; i < 100; i += 1) second();
  assert.deepEqual([observed.alerts(), observed.phase], [['slow'], 'canary-2']);
  for (let i = 0; i < 100; i += 1) second();
  assert.equal(observed.phase, 'canary-2', 'held');
  observed.feed(1_000, { proceed: true });
  assert.equal(observed.phase, 'full', 'until somebody lets it go on');
});

test('slow: rolls back where the settings ask for it, also directly, by a challenge', () => {
  const slow = { ...defaultObservationSettings.slow, action: 'roll-back' } as const;
  const observed = new Observed({}, { slow });
  for (let i = 0; i < 31; i += 1) feed(observed, 1_000, 10, { version: 'new', durationMs: 201 });
  assert.equal(observed.phase, 'challenge-1');
  for (let i = 0; i < 20 && observed.phase === 'challenge-1'; i += 1) {
    feed(observed, 500, 16, { version: 'old' });
    feed(observed, 500, 4, { version: 'new', durationMs: 201 });
  }
  const last = observed.last;
  assert.ok(last?.type === 'roll-back' && last.cause === 'slow');
  assert.equal(last.reason, 'slow requests 100 % against 0 %');
});

test('slow: in direct mode it is only told, and upgrades and routes without a p99 are not judged', () => {
  const told = new Observed();
  for (let i = 0; i < 40; i += 1) feed(told, 1_000, 10, { version: 'new', durationMs: 201 });
  assert.deepEqual([told.phase, told.alerts()], ['full', ['slow']]);
  for (const some of [{ upgrade: true }, { route: '/unknown' }, { durationMs: 200 }]) {
    const silent = new Observed();
    for (let i = 0; i < 40; i += 1) feed(silent, 1_000, 10, { version: 'new', durationMs: 9_000, ...some });
    assert.deepEqual(silent.alerts(), []);
  }
});

test('slow: `off` counts nothing', () => {
  const observed = new Observed({}, { slow: { ...defaultObservationSettings.slow, action: 'off' } });
  for (let i = 0; i < 40; i += 1) feed(observed, 1_000, 10, { version: 'new', durationMs: 201 });
  assert.deepEqual(observed.alerts(), []);
});

test('a route that is broken alone is found and named', () => {
  const observed = new Observed({ mode: 'canary', baseline: { units: 36_000, bad: 1_800 } });
  for (let i = 0; i < 400 && observed.phase !== 'rolled-back'; i += 1)
    observed.feed(500, {
      counts: [
        { version: 'new', stratum: 'request', route: '/', units: 30, bad: i % 2 },
        { version: 'old', stratum: 'request', route: '/', units: 60, bad: 3 },
        { version: 'new', stratum: 'request', route: '/items/:id', units: 1, bad: 1 },
        { version: 'old', stratum: 'request', route: '/items/:id', units: 3, bad: 0 },
      ],
    });
  const last = observed.last;
  assert.ok(last?.type === 'roll-back', observed.phase);
  assert.equal(last.reason, 'error rate on /items/:id 100 % against 0 %');
});
