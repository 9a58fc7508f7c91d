import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deploymentStates,
  isCancellable,
  isFinal,
  transition,
  type DeploymentEvent,
  type DeploymentState,
} from '../../../src/domain/deployment-state.ts';

const events: readonly DeploymentEvent[] = [
  { type: 'claimed' },
  { type: 'instances-starting' },
  { type: 'traffic-received' },
  { type: 'predecessor-drained' },
  { type: 'failed' },
  { type: 'cancelled' },
  { type: 'superseded' },
  { type: 'paused' },
  { type: 'resumed', to: 'deploying' },
  { type: 'resumed', to: 'ready' },
  { type: 'resumed', to: 'completed' },
  { type: 'stopped' },
];

/** The table of rule 2.2, plus "deleting stops whatever it has" for `deploying`. */
const leavesTo: Record<DeploymentState, readonly DeploymentState[]> = {
  pending: ['running', 'cancelled', 'failed'],
  running: ['deploying', 'failed', 'cancelled'],
  deploying: ['ready', 'failed', 'paused', 'stopped'],
  ready: ['completed', 'failed', 'paused', 'stopped'],
  completed: ['stopped', 'paused'],
  failed: [],
  cancelled: [],
  paused: ['deploying', 'ready', 'completed', 'stopped'],
  stopped: [],
};

test('2.2 every state leads exactly where the table says', () => {
  for (const state of deploymentStates) {
    const reached = new Set(
      events.flatMap((event) => {
        const result = transition(state, event);
        return result.ok ? [result.state] : [];
      }),
    );
    assert.deepEqual([...reached].toSorted(), [...leavesTo[state]].toSorted(), state);
  }
});

test('2.2 an illegal transition says what was refused', () => {
  const result = transition('completed', { type: 'cancelled' });
  assert.deepEqual(result, { ok: false, message: 'a deployment that is completed cannot be cancelled' });
});

test('2.2 final states are those that nothing leaves', () => {
  for (const state of deploymentStates) assert.equal(isFinal(state), leavesTo[state].length === 0, state);
});

test('2.2 cancel is legal in pending and running only', () => {
  assert.deepEqual(deploymentStates.filter(isCancellable), ['pending', 'running']);
});
