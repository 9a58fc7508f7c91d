import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { commitOf } from '../../../src/domain/source.ts';
import { foresee, mergeWrites, withInstances } from '../../../src/engine/workflows/merge-writes.ts';
import type { DeploymentRecord } from '../../../src/engine/ports/deployment-store.ts';

const commit = { sha: 'a'.repeat(40), message: 'm', author: 'x', committedAt: '2026-01-01T00:00:00Z' };

test('what was noted comes before what is written, and of what can be said once the later holds', () => {
  const merged = mergeWrites(
    { commit, journal: [{ step: 'one', status: 'done' }], instances: [{ id: 'i', phase: 'passed' }] },
    { transition: { type: 'instances-starting' }, journal: [{ step: 'two', status: 'begun' }] },
  );
  assert.deepEqual(merged, {
    commit,
    transition: { type: 'instances-starting' },
    journal: [
      { step: 'one', status: 'done' },
      { step: 'two', status: 'begun' },
    ],
    instances: [{ id: 'i', phase: 'passed' }],
  });
});

test('what is configured by a note stays when something else is configured', () => {
  const settings = defaultEnvironmentSettings;
  const merged = mergeWrites({ configured: { settings } }, { configured: { chosenStrategy: 'canary' } });
  assert.deepEqual(merged, { configured: { settings, chosenStrategy: 'canary' } });
});

test('what is measured by a note stays when something else is measured', () => {
  const merged = mergeWrites({ measurements: { drainMs: 1, gateMs: 2 } }, { measurements: { gateMs: 3 } });
  assert.deepEqual(merged, { measurements: { drainMs: 1, gateMs: 3 } });
});

test('what was counted and measured is in the record before it is written', () => {
  const before = { total: 3, failed: 0 };
  const seen = foresee(record(), {
    counterBaseline: before,
    requests: { total: 9, failed: 1 },
    measurements: { drainMs: 5 },
  });
  assert.deepEqual([seen.counterBaseline, seen.deployment.requests], [before, { total: 9, failed: 1 }]);
  assert.equal(seen.deployment.measurements.drainMs, 5);
});

test('instances that were added are in the record, and newer readings take the place of older ones', () => {
  const [known] = record().instances;
  assert.ok(known !== undefined);
  const seen = withInstances(record(), [
    { ...known, phase: 'failed' },
    { ...known, id: 'i9', ordinal: 9 },
  ]);
  assert.deepEqual(
    seen.instances.map(({ id, phase }) => [id, phase]),
    [
      [known.id, 'failed'],
      ['i2', 'starting'],
      ['i9', 'starting'],
    ],
  );
});

test('nothing noted and nothing written is nothing', () => {
  assert.deepEqual(mergeWrites({}, {}), {});
});

test('a note is in the record before it is written: commit, artifact, settings, jobs and instances', () => {
  const artifact = { type: 'bundle', bundle: 'b', sizeBytes: 1, spa: false } as const;
  const seen = foresee(record(), {
    commit,
    artifact,
    plan: [
      { type: 'DownloadRepoJob', order: 1, dependsOn: [], required: true },
      { type: 'DeployStaticJob', order: 2, dependsOn: ['DownloadRepoJob'], required: true },
    ],
    jobs: [{ type: 'DeployStaticJob', status: 'running' }],
    instances: [
      { id: 'i1', address: '10.0.0.2' },
      { id: 'i1', phase: 'passed' },
    ],
  });
  assert.deepEqual(commitOf(seen.deployment.source), commit);
  assert.deepEqual(seen.deployment.artifact, artifact);
  assert.deepEqual(
    seen.jobs.map(({ type, status }) => [type, status]),
    [
      ['DownloadRepoJob', 'running'],
      ['DeployStaticJob', 'running'],
    ],
  );
  assert.deepEqual(
    seen.instances.map(({ id, phase, address }) => [id, phase, address]),
    [
      ['i1', 'passed', '10.0.0.2'],
      ['i2', 'starting', null],
    ],
  );
});

/** Only what is looked at. */
function record(): DeploymentRecord {
  const jobs = [
    { type: 'DownloadRepoJob', order: 1, dependsOn: [], required: true, status: 'running', error: null },
    { type: 'DeployImageJob', order: 2, dependsOn: [], required: true, status: 'pending', error: null },
  ];
  const instances = ['i1', 'i2'].map((id) => ({ id, phase: 'starting', address: null }));
  const deployment = { source: { kind: 'git', commit: null }, artifact: null, configuration: {} };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a record is much larger than what is foreseen of it
  return { deployment, jobs, instances } as unknown as DeploymentRecord;
}
