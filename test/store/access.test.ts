import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CutoverError } from '../../src/domain/errors.ts';
import { roles, type Actor, type Role } from '../../src/domain/roles.ts';
import { actor, owner, repository, startTestConfiguration, type TestConfiguration } from './test-configuration.ts';

type Call = (commands: TestConfiguration['commands'], who: Actor) => Promise<unknown>;

const readers: readonly Role[] = ['owner', 'admin', 'developer', 'viewer'];
const writers: readonly Role[] = ['owner', 'admin', 'developer'];
const admins: readonly Role[] = ['owner', 'admin'];

/** Calls about the project `mine`. */
const aboutProject: readonly (readonly [name: string, allowed: readonly Role[], call: Call])[] = [
  ['projects.get', readers, (c, who) => c.projects.get(who, 'mine')],
  ['projects.update', writers, (c, who) => c.projects.update(who, 'mine', { build: { preset: 'node' } })],
  ['environments.create', writers, (c, who) => c.environments.create(who, 'mine', { name: `e${++serial}` })],
  ['environments.list', readers, (c, who) => c.environments.list(who, 'mine')],
  ['environments.get', readers, (c, who) => c.environments.get(who, 'mine', 'production')],
  ['environments.update', writers, (c, who) => c.environments.update(who, 'mine', 'production', { replicas: 2 })],
  ['environments.delete', writers, (c, who) => c.environments.delete(who, 'mine', 'doomed')],
  ['variables.list', readers, (c, who) => c.variables.list(who, 'mine', 'production')],
  [
    'variables.set',
    writers,
    (c, who) => c.variables.set(who, 'mine', null, [{ name: 'A', value: '1', secret: false }]),
  ],
  ['variables.unset', writers, (c, who) => c.variables.unset(who, 'mine', null, ['B'])],
];

/** Calls about the whole installation: a token that is bound to a project may make none of them. */
const aboutInstallation: readonly (readonly [name: string, allowed: readonly Role[], call: Call])[] = [
  ['projects.create', writers, (c, who) => c.projects.create(who, { name: `p${++serial}`, repository })],
  ['tokens.create', admins, (c, who) => c.tokens.create(who, { name: 't', role: 'viewer', project: 'mine' })],
  ['tokens.list', admins, (c, who) => c.tokens.list(who)],
];

let serial = 0;

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (error instanceof CutoverError) return error.code;
    throw error;
  }
}

describe('access by role and project (rule 9.4)', () => {
  let configuration: TestConfiguration;
  before(async () => {
    configuration = await startTestConfiguration();
    const { projects, environments } = configuration.commands;
    await projects.create(owner, { name: 'mine', repository });
    await projects.create(owner, { name: 'other', repository });
    await environments.create(owner, 'mine', { name: 'doomed' });
  });
  after(() => configuration[Symbol.asyncDispose]());

  for (const [name, allowed, call] of aboutProject) {
    for (const role of roles) {
      const granted = allowed.includes(role) ? 'done' : 'forbidden';
      test(`${name} by ${role}: ${granted}; of another project: not_found`, async () => {
        const { commands } = configuration;
        assert.equal(await outcome(call(commands, actor(role))), granted);
        assert.equal(await outcome(call(commands, actor(role, 'mine'))), granted);
        assert.equal(await outcome(call(commands, actor(role, 'other'))), 'not_found');
      });
    }
  }

  for (const [name, allowed, call] of aboutInstallation) {
    for (const role of roles) {
      const granted = allowed.includes(role) ? 'done' : 'forbidden';
      test(`${name} by ${role}: ${granted}; bound to a project: forbidden`, async () => {
        const { commands } = configuration;
        assert.equal(await outcome(call(commands, actor(role))), granted);
        assert.equal(await outcome(call(commands, actor(role, 'mine'))), 'forbidden');
      });
    }
  }

  for (const role of roles) {
    test(`tokens.revoke and projects.delete by ${role}`, async () => {
      const { tokens, projects } = configuration.commands;
      const { id } = await tokens.create(owner, { name: 'short-lived', role: 'viewer', project: null });
      assert.equal(await outcome(tokens.revoke(actor(role), id)), admins.includes(role) ? 'done' : 'forbidden');
      await projects.create(owner, { name: `gone-${role}`, repository });
      assert.equal(await outcome(projects.delete(actor(role, 'mine'), `gone-${role}`)), 'not_found');
      const deleted = await outcome(projects.delete(actor(role), `gone-${role}`));
      assert.equal(deleted, writers.includes(role) ? 'done' : 'forbidden');
    });
  }
});
