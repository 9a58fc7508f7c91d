import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, property, string, stringMatching } from 'fast-check';
import { isPreviewName, isReservedName, nameLabel } from '../../../src/domain/hosts.ts';
import { previewNames } from '../../../src/domain/preview-name.ts';

const ofDeployment = (preview: string) => previewNames({ kind: 'deployment', number: 7, preview }, 'my-app');
const ofBranch = (branch: string, project = 'my-app') => previewNames({ kind: 'branch', branch }, project);

test('a pull request is called by its number, or by that and a hash (rule 6)', () => {
  const [plain, hashed = ''] = previewNames({ kind: 'pull-request', number: 42 }, 'my-app');
  assert.equal(plain, 'pr-42');
  assert.match(hashed, /^pr-42-[0-9a-z]{7}$/);
});

test('a branch is called by what a host can keep of its name (rule 6)', () => {
  assert.equal(ofBranch('Feature/Login_2')[0], 'feature-login-2');
  assert.equal(ofBranch('--fix--')[0], 'fix');
});

test('a deployment of a preview is called by that and its number, or, where that is too long, by its number and a hash (rule 6)', () => {
  assert.equal(ofDeployment('pr-42')[0], 'pr-42-7');
  const [name, ...others] = ofDeployment('a'.repeat(40));
  assert.match(name ?? '', /^d7-[0-9a-z]{7}$/);
  assert.deepEqual(others, []);
});

test('two branches that a host cannot tell apart have different second names', () => {
  const one = ofBranch('feature/a');
  const other = ofBranch('feature-a');
  assert.equal(one[0], other[0]);
  assert.notEqual(one[1], other[1]);
});

test('a branch that is called like a pull request, or like something of the platform, always has a hash', () => {
  for (const branch of ['pr-42', 'PR/42', 'pr-42-x', 'www', 'api', 'cutover', 'ü', '']) {
    const names = ofBranch(branch);
    assert.equal(names.length, 1, branch);
    assert.match(names[0] ?? '', /-[0-9a-z]{7}$/, branch);
    assert.ok(!isPreviewName(names[0] ?? '') || branch.toLowerCase().startsWith('pr'), branch);
  }
});

test('every name is a DNS label with the project after it, whatever the branch is called (rule 6)', () => {
  const project = stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
  check(
    property(string({ unit: 'binary', maxLength: 300 }), project, (branch, name) => {
      for (const label of ofBranch(branch.toWellFormed(), name)) {
        assert.match(label, nameLabel);
        assert.ok(!isReservedName(label));
        assert.ok(`${label}-${name}`.length <= 63, `${label}-${name}`);
      }
    }),
  );
});
