import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildVariables } from '../../../src/domain/build-secrets.ts';
import { buildScope } from '../../../src/domain/build-trust.ts';

const environment = { projectId: 'p', environmentId: 'e', environmentName: 'production' };

function ofRequest(environmentId: string, environmentName: string): string {
  return buildScope({ projectId: 'p', environmentId, environmentName });
}

describe('3.4 what builds leave behind', () => {
  test('is shared by the environments of a project, and with no other project', () => {
    const scope = buildScope(environment);
    assert.equal(buildScope({ ...environment, environmentId: 'f', environmentName: 'staging' }), scope);
    assert.notEqual(buildScope({ ...environment, projectId: 'q' }), scope);
  });

  test('of a pull request is shared with nobody, not even with another one', () => {
    const scopes = [buildScope(environment), ofRequest('f', 'pr-1'), ofRequest('g', 'pr-2'), ofRequest('h', 'pr-1-2')];
    assert.equal(new Set(scopes).size, 4);
    assert.equal(ofRequest('f', 'pr-fix'), buildScope(environment), 'only what previews of pull requests are called');
  });
});

test('4.2 a build is given the variables that either level asks for, with the value of the environment', () => {
  const levels = {
    project: { A: 'p', B: 'p', C: 'p' },
    environment: { B: 'e', D: 'e' },
    build: ['B', 'A', 'D', 'GONE'],
  };
  assert.deepEqual(buildVariables(levels), { A: 'p', B: 'e', D: 'e' });
});
