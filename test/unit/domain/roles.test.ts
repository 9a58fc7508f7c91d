import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allows, mayAccess, mayCancel, mayEnter, permissions, roles, type Actor } from '../../../src/domain/roles.ts';

const actor = (change: Partial<Actor>): Actor => {
  return { tokenId: 't1', name: 'ci', role: 'deployer', project: 'app', ...change };
};

test('rule 9.4: what each role may', () => {
  const granted = roles.map((role) => [role, permissions.filter((permission) => allows(role, permission)).join(' ')]);
  assert.deepEqual(granted, [
    ['owner', 'follow trigger read deploy configure administer'],
    ['admin', 'follow trigger read deploy configure administer'],
    ['developer', 'follow trigger read deploy configure'],
    ['deployer', 'follow trigger'],
    ['viewer', 'follow read'],
  ]);
});

test('rule 9.4: who is bound to a project or to environments reaches nothing else', () => {
  const ci = actor({ environments: ['staging'] });
  assert.deepEqual([mayAccess(ci, 'trigger', 'app'), mayAccess(ci, 'trigger', 'other')], [true, false]);
  assert.equal(mayAccess(ci, 'follow', null), false);
  assert.deepEqual([mayEnter(ci, 'staging'), mayEnter(ci, 'production')], [true, false]);
  assert.equal(mayEnter(actor({}), 'production'), true);
});

test('rule 9.4: who may only trigger may cancel what the same token has triggered', () => {
  const own = { tokenId: 't1' };
  assert.deepEqual(
    [mayCancel(actor({}), own), mayCancel(actor({}), { tokenId: 't2' }), mayCancel(actor({}), {})],
    [true, false, false],
  );
  assert.equal(mayCancel(actor({ role: 'developer' }), {}), true);
  assert.equal(mayCancel(actor({ role: 'viewer' }), own), false);
});
