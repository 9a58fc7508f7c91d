import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolvePort } from '../../../src/domain/environment-settings.ts';
import { environmentHost, nameLabel } from '../../../src/domain/hosts.ts';
import { describeRequests } from '../../../src/domain/timeline.ts';
import { injectedVariables, mergeVariables, variableName } from '../../../src/domain/variables.ts';
import { mayAccess } from '../../../src/domain/roles.ts';
import { shareOf } from '../../../src/domain/route.ts';

test('4.2 later layers win: defaults, project, environment, service credentials, injected', () => {
  const layers = {
    platformDefaults: { A: '1', B: '1', C: '1', D: '1', E: '1' },
    project: { B: '2', C: '2', D: '2', E: '2' },
    environment: { C: '3', D: '3', E: '3' },
    serviceCredentials: { D: '4', E: '4' },
    injected: { E: '5' },
  };
  assert.deepEqual(mergeVariables(layers), { A: '1', B: '2', C: '3', D: '4', E: '5' });
});

test('4.2 every instance is told where and what it is', () => {
  const names = Object.keys(
    injectedVariables({
      port: 3000,
      project: 'a',
      environment: 'production',
      deploymentNumber: 7,
      url: 'http://a.localhost',
      commit: 'f00',
    }),
  );
  assert.deepEqual(names, [
    'PORT',
    'HOST',
    'CUTOVER_PROJECT',
    'CUTOVER_ENVIRONMENT',
    'CUTOVER_DEPLOYMENT',
    'CUTOVER_URL',
    'CUTOVER_COMMIT',
  ]);
});

test('4.1 the port is the setting, else what the image exposes, else 3000', () => {
  assert.equal(resolvePort(8080, [9000]), 8080);
  assert.equal(resolvePort(null, [9000, 9001]), 9000);
  assert.equal(resolvePort(null, []), 3000);
});

test('production answers under the name of the project, others under environment-project', () => {
  assert.equal(environmentHost('shop', 'production', 'example.com'), 'shop.example.com');
  assert.equal(environmentHost('shop', 'staging', 'example.com'), 'staging-shop.example.com');
});

test('names are DNS labels and variable names are POSIX names', () => {
  for (const name of ['a', 'my-app', 'a1']) assert.match(name, nameLabel);
  for (const name of ['', '-a', 'a-', 'A', 'a.b', 'a'.repeat(41), 'a\nb']) assert.doesNotMatch(name, nameLabel);
  for (const name of ['A', '_x', 'A1']) assert.match(name, variableName);
  for (const name of ['', '1A', 'A-B', 'A=B']) assert.doesNotMatch(name, variableName);
});

test('9.4 a token bound to a project opens nothing else, and a viewer changes nothing', () => {
  const actor = { tokenId: 't', name: 'ci', role: 'developer', project: 'shop' } as const;
  assert.equal(mayAccess(actor, 'deploy', 'shop'), true);
  assert.equal(mayAccess(actor, 'deploy', 'bank'), false);
  assert.equal(mayAccess(actor, 'read', null), false);
  assert.equal(mayAccess({ ...actor, role: 'viewer' }, 'deploy', 'shop'), false);
});

test('5.2 the share of traffic follows the instances in rotation', () => {
  assert.deepEqual([shareOf(1, 3), shareOf(1, 2), shareOf(2, 1), shareOf(3, 0)], [25, 33, 67, 100]);
});

test('2.5 requests are told with their number', () => {
  assert.equal(describeRequests(4213, 0), '0 of 4,213 requests failed');
});
