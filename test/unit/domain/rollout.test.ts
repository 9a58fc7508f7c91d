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
import type { Strategy } from '../../../src/domain/environment-settings.ts';

interface World {
  readonly strategy: Strategy;
  readonly fresh: FreshPhase[];
  readonly old: OldPhase[];
  switched: boolean;
}

function world(strategy: Strategy, wanted: number, old: number): World {
  return { strategy, fresh: Array(wanted).fill('absent'), old: Array(old).fill('serving'), switched: false };
}

/** Plays the engine: does what the action says, all of it succeeding. */
function apply(state: World, action: RolloutAction): void {
  switch (action.type) {
    case 'start':
      for (const index of action.indexes) state.fresh[index] = 'starting';
      return;
    case 'gate':
      for (const index of action.indexes) state.fresh[index] = 'passed';
      return;
    case 'add':
      state.fresh[action.index] = 'serving';
      return;
    case 'retire':
      state.old[action.index] = 'draining';
      return;
    case 'switch':
      state.fresh.forEach((phase, index) => (state.fresh[index] = phase === 'passed' ? 'serving' : phase));
      state.old.fill('draining');
      state.switched = true;
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
      fc.constantFrom<Strategy>('rolling', 'blue-green'),
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
    strategy: 'rolling',
    fresh: ['serving', 'starting', 'absent'],
    old: ['draining', 'serving', 'serving'],
    switched: false,
  };
  assert.deepEqual(nextRolloutAction(view), nextRolloutAction(structuredClone(view)));
});
