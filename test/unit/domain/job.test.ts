import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentKind } from '../../../src/domain/deployment-kind.ts';
import { pipeline, type Way } from '../../../src/domain/job.ts';

const required = (kind: DeploymentKind, way: Partial<Way> = {}) =>
  pipeline({ kind, target: 'image', release: false, contract: false, ...way })
    .filter((job) => job.required)
    .map(({ type }) => type.replace(/Job$/, ''));

test('rule 2.3: what each kind of deployment does, in order', () => {
  const end = ['DeployImage', 'MarkDeploymentComplete'];
  assert.deepEqual(required('git'), ['DownloadRepo', 'BuildImage', ...end]);
  assert.deepEqual(required('directory'), ['DownloadRepo', 'BuildImage', ...end]);
  assert.deepEqual(required('image'), ['PullExternalImage', ...end]);
  assert.deepEqual(required('image-upload'), ['LoadImage', 'VerifyLocalImage', ...end]);
  assert.deepEqual(required('static', { target: 'static' }), ['DeployStaticBundle', 'MarkDeploymentComplete']);
  assert.deepEqual(required('rollback'), ['VerifyLocalImage', ...end]);
  assert.deepEqual(required('promote', { target: 'static' }), [
    'VerifyLocalImage',
    'DeployStatic',
    'MarkDeploymentComplete',
  ]);
});

test('rule 2.3: a release step comes between the artifact and its deployment, except where one goes back', () => {
  const kinds: readonly DeploymentKind[] = ['git', 'directory', 'image', 'image-upload', 'rollback', 'promote'];
  for (const kind of kinds) {
    const jobs = required(kind, { release: true });
    assert.equal(jobs.indexOf('RunRelease'), kind === 'rollback' ? -1 : jobs.indexOf('DeployImage') - 1, kind);
  }
});

test('rule 2.3: each job waits for the one before it', () => {
  const jobs = pipeline({ kind: 'image-upload', target: 'image', release: true, contract: false });
  assert.deepEqual(
    jobs.map(({ dependsOn }) => dependsOn),
    [[], ...jobs.slice(0, -1).map(({ type }) => [type])],
  );
});
