import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deploymentReport, type ReportableDeployment } from '../../../src/domain/deployment-report.ts';
import { deploymentStates } from '../../../src/domain/deployment-state.ts';

const deployment: ReportableDeployment = {
  projectName: 'shop',
  environmentName: 'production',
  production: true,
  number: 42,
  state: 'completed',
  reason: null,
  failure: null,
  branch: 'main',
  commit: 'a'.repeat(40),
  backTo: null,
  served: true,
  commitServes: true,
};

function said(change: Partial<ReportableDeployment>) {
  const messages = deploymentReport({ ...deployment, ...change }, 'http://shop.localhost');
  return messages.map((message) => (message.kind === 'comment' ? '' : `${message.state}: ${message.description}`));
}

test('commit and deployment are told what became of it, in words of the platform', () => {
  assert.deepEqual(said({}), ['success: #42 is live.', 'success: #42 is live.']);
  assert.deepEqual(said({ backTo: 40 }), Array<string>(2).fill('success: #42 is live, back to #40.'));
  assert.deepEqual(said({ commitServes: false }), ['success: #42 has served.', 'inactive: #42 has served.']);
  const stopped = { state: 'stopped', commitServes: false } as const;
  const rolledBack = '#42 was stopped: rolled back to #41.';
  assert.deepEqual(said({ ...stopped, reason: 'rolled back to #41 by #43 (error rate 12 %)' }), [
    `failure: ${rolledBack}`,
    `inactive: ${rolledBack}`,
  ]);
  const superseded = '#42 was cancelled: superseded by #43.';
  assert.deepEqual(said({ state: 'cancelled', served: false, commitServes: false, reason: 'superseded by #43' }), [
    `failure: ${superseded}`,
    `inactive: ${superseded}`,
  ]);
});

test('rule 10: nothing of what an app, a log or a user has said reaches the provider, and nothing is longer than it takes', () => {
  const reason = 'gate (last answer 503 after 4 tries: "password is hunter2")'.repeat(20);
  for (const state of deploymentStates)
    for (const commitServes of [true, false])
      for (const served of [true, false]) {
        const told = said({ state, reason, failure: 'gate_failed', commitServes, served });
        assert.ok(told.length > 0);
        for (const text of told) {
          assert.doesNotMatch(text, /hunter2|last answer/);
          assert.ok(text.length < 140, text);
        }
      }
});
