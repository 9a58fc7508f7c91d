import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  nextRolloutAction,
  type FreshPhase,
  type OldPhase,
  type RolloutAction,
  type RolloutView,
} from '../../../src/domain/rollout.ts';
import type { RolloutStrategy } from '../../../src/domain/environment-settings.ts';

interface World {
  readonly strategy: RolloutStrategy;
  readonly fresh: FreshPhase[];
  readonly workers: FreshPhase[];
  readonly old: OldPhase[];
  readonly canarySteps: readonly number[];
  switched: boolean;
  held: boolean;
  share: number;
  mayGrow: boolean;
}

function world(strategy: RolloutStrategy, wanted: number, old: number, workers = 0): World {
  return {
    strategy,
    fresh: Array(wanted).fill('absent'),
    workers: Array(workers).fill('absent'),
    old: Array(old).fill('serving'),
    canarySteps: [10, 30],
    switched: false,
    held: false,
    share: 0,
    mayGrow: true,
  };
}

/** Plays the engine: does what the action says, all of it succeeding. */
function apply(state: World, action: RolloutAction): void {
  switch (action.type) {
    case 'start':
      for (const index of action.indexes) state.fresh[index] = 'starting';
      for (const index of action.workers) state.workers[index] = 'starting';
      return;
    case 'gate':
      for (const index of action.indexes) state.fresh[index] = 'passed';
      for (const index of action.workers) state.workers[index] = 'passed';
      return;
    case 'add':
      state.fresh[action.index] = 'serving';
      return;
    case 'retire':
      state.old[action.index] = 'draining';
      return;
    case 'switch':
      state.fresh.forEach((phase, index) => (state.fresh[index] = phase === 'passed' ? 'serving' : phase));
      state.old.forEach((phase, index) => (state.old[index] = phase === 'serving' ? 'draining' : phase));
      state.switched = true;
      state.held = false;
      return;
    case 'share':
      state.fresh.forEach((phase, index) => (state.fresh[index] = phase === 'passed' ? 'serving' : phase));
      state.share = action.share;
      state.mayGrow = false;
      return;
    case 'analyse':
      state.mayGrow = true;
      return;
    case 'hold':
      state.held = true;
      return;
    case 'stop-old':
      state.old.fill('stopped');
      return;
    case 'fail':
    case 'done':
      return;
  }
}

function play(state: World, inspect: (state: World, action: RolloutAction) => void): void {
  for (let steps = 0; steps < 500; steps += 1) {
    const action = nextRolloutAction(state satisfies RolloutView);
    inspect(state, action);
    if (action.type === 'done' || action.type === 'fail') return;
    apply(state, action);
  }
  assert.fail('the rollout does not end');
}

const inRotation = (state: World) =>
  state.fresh.filter((phase) => phase === 'serving').length + state.old.filter((phase) => phase === 'serving').length;

const counts = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }));

test('5.2 rolling has at most one more instance in rotation than wanted, and never fewer than the old or the new count', () => {
  fc.assert(
    fc.property(counts, ([wanted, old]) => {
      const state = world('rolling', wanted, old);
      play(state, () => {
        assert.ok(inRotation(state) <= Math.max(wanted + 1, old + 1), `${inRotation(state)} of ${wanted}`);
        assert.ok(inRotation(state) >= Math.min(wanted, old), `${inRotation(state)} of ${wanted}`);
      });
      assert.deepEqual(state.fresh, Array(wanted).fill('serving'));
      assert.ok(state.switched);
    }),
  );
});

test('5.2 rolling with three replicas goes start, gate, add, retire, and ends with one switch', () => {
  const seen: string[] = [];
  play(world('rolling', 3, 3), (_, action) => seen.push(action.type));
  assert.deepEqual(seen, [
    'start',
    'gate',
    'add',
    'retire',
    'start',
    'gate',
    'add',
    'retire',
    'start',
    'gate',
    'switch',
    'done',
  ]);
});

test('5.2 rolling with one replica is blue-green', () => {
  const seen: string[] = [];
  play(world('rolling', 1, 1), (_, action) => seen.push(action.type));
  assert.deepEqual(seen, ['start', 'gate', 'switch', 'done']);
});

test('5.2 blue-green gives the new version nothing before all of it has passed', () => {
  fc.assert(
    fc.property(counts, ([wanted, old]) => {
      const state = world('blue-green', wanted, old);
      play(state, (current, action) => {
        if (action.type === 'switch') assert.ok(current.fresh.every((phase) => phase === 'passed'));
        if (!current.switched) assert.ok(current.fresh.every((phase) => phase !== 'serving'));
      });
    }),
  );
});

test('5.3 a failed instance ends the rollout whatever else is under way', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<RolloutStrategy>('rolling', 'blue-green', 'canary', 'recreate'),
      counts,
      fc.nat(30),
      (strategy, [wanted, old], at) => {
        const state = world(strategy, wanted, old);
        let step = 0;
        play(state, (current, action) => {
          if (step === at && !current.switched && action.type === 'gate')
            current.fresh[action.indexes[0] ?? 0] = 'failed';
          step += 1;
        });
        if (state.fresh.includes('failed')) assert.equal(nextRolloutAction(state).type, 'fail');
      },
    ),
  );
});

test('the answer to the same view is the same, so that a crash changes nothing', () => {
  const view: RolloutView = {
    ...world('rolling', 3, 3),
    fresh: ['serving', 'starting', 'absent'],
    old: ['draining', 'serving', 'serving'],
  };
  assert.deepEqual(nextRolloutAction(view), nextRolloutAction(structuredClone(view)));
});

test('5.2 canary gives each of its shares in turn, each only once the one before was looked at', () => {
  const seen: string[] = [];
  play(world('canary', 2, 2), (state, action) =>
    seen.push(action.type === 'share' ? `share ${action.share}` : `${action.type} at ${state.share}`),
  );
  assert.deepEqual(seen, [
    'start at 0',
    'gate at 0',
    'share 10',
    'analyse at 10',
    'share 30',
    'analyse at 30',
    'switch at 30',
    'done at 30',
  ]);
});

test('5.2 no strategy goes on to a larger share while the evidence against the new version is raised', () => {
  const several = fc.tuple(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 8 }));
  fc.assert(
    fc.property(fc.constantFrom<RolloutStrategy>('rolling', 'canary'), several, (strategy, [wanted, old]) => {
      const state = world(strategy, wanted, old);
      for (let steps = 0; steps < 100; steps += 1) {
        if (state.share > 0 || state.fresh.includes('serving')) state.mayGrow = false;
        const action = nextRolloutAction(state);
        if (action.type === 'analyse') return;
        if (!state.mayGrow)
          assert.ok(['start', 'gate'].includes(action.type), `${action.type} with ${state.fresh.join()}`);
        apply(state, action);
      }
      assert.fail('it never waits for the evidence');
    }),
  );
});

test('5.2 recreate holds requests before the old version stops, and starts the new one only when it has stopped', () => {
  fc.assert(
    fc.property(counts, ([wanted, old]) => {
      const seen: string[] = [];
      play(world('recreate', wanted, old), (state, action) => {
        seen.push(action.type);
        if (action.type === 'stop-old') assert.ok(state.held);
        if (action.type === 'start') assert.ok(state.old.every((phase) => phase === 'stopped'));
      });
      assert.deepEqual(seen, ['hold', 'stop-old', 'start', 'gate', 'switch', 'done']);
    }),
  );
});

test('5.3 nothing new gets traffic, and nothing old leaves rotation, before every worker has passed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<RolloutStrategy>('rolling', 'blue-green', 'canary'),
      counts,
      fc.integer({ min: 1, max: 4 }),
      (strategy, [wanted, old], workers) => {
        play(world(strategy, wanted, old, workers), (state, action) => {
          if (!['add', 'share', 'switch', 'retire'].includes(action.type)) return;
          assert.ok(state.workers.every((phase) => phase === 'passed'));
        });
      },
    ),
  );
});
