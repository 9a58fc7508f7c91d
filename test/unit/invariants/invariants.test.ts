import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultTolerances,
  inspect,
  violationsOf,
  type Inspection,
  type Tolerances,
  type ViolationCode,
} from '../../../src/domain/invariants.ts';
import type { PlatformSnapshot } from '../../../src/domain/platform-snapshot.ts';
import { sharedRoute, stableOnly } from '../../../src/domain/route.ts';
import { container, elsewhere, failed, production, running, second, serving, sound, web } from './sound-platform.ts';

interface Case {
  readonly what: string;
  readonly snapshot: Partial<PlatformSnapshot>;
  readonly code: ViolationCode;
  readonly subject: string;
  /** How long it may be so. */
  readonly after: keyof Tolerances | 'at once';
  readonly message: RegExp;
}

const twoServe = [serving, { ...second, state: 'completed' as const, instances: [{ ...web, id: 'web-2' }] }];

/** One for each way in which each invariant can be broken. */
const broken: readonly Case[] = [
  {
    what: 'two deployments are on record as current',
    snapshot: {
      environments: [{ ...production, currentIds: ['d1', 'd2'] }],
      deployments: [serving, { ...second, state: 'completed' }],
    },
    code: 'several_current',
    subject: 'environment shop/production',
    after: 'at once',
    message: /shop #1, shop #2 are current at once/,
  },
  {
    what: 'instances of another version serve too',
    snapshot: { deployments: twoServe, containers: [container, { ...container, instanceId: 'web-2' }] },
    code: 'several_current',
    subject: 'environment shop/production',
    after: 'settleMs',
    message: /shop #2 serves although shop #1 is current/,
  },
  {
    what: 'the route names another version than the current one',
    snapshot: {
      environments: [{ ...production, route: stableOnly(2) }],
      deployments: [serving, { ...second, state: 'completed' }],
      slots: [...sound.slots, elsewhere],
    },
    code: 'several_current',
    subject: 'environment shop/production',
    after: 'settleMs',
    message: /shop #2 serves although shop #1 is current/,
  },
  {
    what: 'an instance serves that never passed the gate',
    snapshot: { deployments: [{ ...serving, instances: [{ ...web, passed: false }] }] },
    code: 'not_healthy_when_promoted',
    subject: 'instance web-1',
    after: 'at once',
    message: /web 1 of shop #1 is serving, and never passed/,
  },
  {
    what: 'a route leads to a slot of nobody',
    snapshot: { routes: [{ host: 'shop.example.com', target: stableOnly(7) }] },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /slot 7, which belongs to no deployment/,
  },
  {
    what: 'a route leads to a slot without a server',
    snapshot: { servers: [] },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /shop #1 has no server in rotation/,
  },
  {
    what: 'every server of a route is drained',
    snapshot: { servers: sound.servers.map((server) => ({ ...server, draining: true })) },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /no server in rotation/,
  },
  {
    what: 'a server stands for a container that is gone',
    snapshot: { containers: [] },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /server i1 \(10\.0\.0\.2:3000\) is no instance that exists/,
  },
  {
    what: 'a server has the address that its container had before',
    snapshot: { containers: [{ ...container, address: '10.0.0.9' }] },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /no instance that exists/,
  },
  {
    what: 'a server stands for a container that was stopped',
    snapshot: { containers: [{ ...container, running: false, address: null }] },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /is an instance that does not run/,
  },
  {
    what: 'a candidate with a share has no server',
    snapshot: {
      routes: [{ host: 'shop.example.com', target: sharedRoute(1, 2, 10) }],
      deployments: [serving, running],
      slots: [...sound.slots, elsewhere],
    },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /slot 2, in which shop #2 has no server/,
  },
  {
    what: 'a static site is served from another bundle',
    snapshot: {
      deployments: [{ ...serving, bundle: 'a'.repeat(64), instances: [] }],
      servers: [{ slot: 1, name: 'static', endpoint: `static:${'b'.repeat(64)}`, draining: false }],
      containers: [],
    },
    code: 'route_to_nothing',
    subject: 'host shop.example.com',
    after: 'settleMs',
    message: /static:b+\) is no instance/,
  },
  {
    what: 'a container belongs to no deployment',
    snapshot: {
      containers: [container, { ...container, containerId: 'f'.repeat(64), instanceId: 'x', deploymentId: 'x' }],
    },
    code: 'orphan',
    subject: 'container ffffffffffff',
    after: 'orphanMs',
    message: /an instance of x, and nothing there wants it/,
  },
  {
    what: 'a container belongs to a deployment that is over',
    snapshot: {
      deployments: [serving, failed],
      containers: [container, { ...container, containerId: 'f'.repeat(64), instanceId: 'x', deploymentId: 'd2' }],
    },
    code: 'orphan',
    subject: 'container ffffffffffff',
    after: 'orphanMs',
    message: /an instance of shop #2/,
  },
  {
    what: 'a slot is kept for a deployment that is over',
    snapshot: { deployments: [serving, failed], slots: [...sound.slots, elsewhere] },
    code: 'orphan',
    subject: 'slot 2',
    after: 'orphanMs',
    message: /kept for d2, which is over/,
  },
  {
    what: 'a server is in a slot of nobody',
    snapshot: { servers: [...sound.servers, { slot: 9, name: 'i1', endpoint: '10.0.0.9:80', draining: true }] },
    code: 'orphan',
    subject: 'servers of slot 9',
    after: 'orphanMs',
    message: /i1: the slot is nobody's/,
  },
  {
    what: 'a route is of a host that no environment has',
    snapshot: { routes: [...sound.routes, { host: 'old.example.com', target: stableOnly(1) }] },
    code: 'orphan',
    subject: 'route of old.example.com',
    after: 'orphanMs',
    message: /no environment has the host/,
  },
  {
    what: 'a network is of a project that does not exist',
    snapshot: { networks: ['shop', 'gone'] },
    code: 'orphan',
    subject: 'network of gone',
    after: 'orphanMs',
    message: /no such project/,
  },
  {
    what: 'a work tree is left of a deployment that does not build',
    snapshot: { workTrees: ['d1'] },
    code: 'orphan',
    subject: 'work tree of d1',
    after: 'orphanMs',
    message: /nobody builds it/,
  },
  {
    what: 'something was sent, and no deployment waits for it',
    snapshot: { uploads: ['u1', 'u2'], deployments: [serving, { ...running, upload: 'u1' }] },
    code: 'orphan',
    subject: 'upload u2',
    after: 'orphanMs',
    message: /no deployment waits/,
  },
  {
    what: 'a deployment that is over goes on by its timeline',
    snapshot: { deployments: [serving, { ...second, state: 'completed', outcomes: ['stopped'] }] },
    code: 'final_state_changed',
    subject: 'deployment d2',
    after: 'at once',
    message: /shop #2 was stopped and is completed/,
  },
  {
    what: 'a deployment ends twice',
    snapshot: { deployments: [serving, { ...failed, outcomes: ['failed', 'failed'] }] },
    code: 'outcome_not_one',
    subject: 'deployment d2',
    after: 'at once',
    message: /shop #2 ended as failed, then failed/,
  },
  {
    what: 'a deployment is over and nothing says when',
    snapshot: { deployments: [serving, { ...failed, outcomes: [] }] },
    code: 'outcome_not_one',
    subject: 'deployment d2',
    after: 'at once',
    message: /nothing says when/,
  },
  {
    what: 'what was accepted is lost',
    snapshot: { triggers: [{ environmentId: 'e1', deploymentIds: ['d5'] }] },
    code: 'outcome_not_one',
    subject: 'trigger of d5',
    after: 'at once',
    message: /deployment d5 is lost/,
  },
  {
    what: 'two deployments came of one trigger',
    snapshot: { deployments: [serving, failed], triggers: [{ environmentId: 'e1', deploymentIds: ['d1', 'd2'] }] },
    code: 'outcome_not_one',
    subject: 'trigger of d1, d2',
    after: 'at once',
    message: /2 deployments came of it/,
  },
  {
    what: 'nobody leads what is to be led',
    snapshot: { deployments: [serving, { ...running, led: false }] },
    code: 'deployment_stuck',
    subject: 'deployment d2',
    after: 'unledMs',
    message: /shop #2 is running, and nobody leads it/,
  },
  {
    what: 'nothing is written about what is led for too long',
    snapshot: { deployments: [serving, { ...running, idleMs: defaultTolerances.stuckMs }] },
    code: 'deployment_stuck',
    subject: 'deployment d2',
    after: 'at once',
    message: /nothing happened for 180 min/,
  },
  {
    what: 'something waits although nobody does anything',
    snapshot: { deployments: [serving, second] },
    code: 'deployment_stuck',
    subject: 'deployment d2',
    after: 'unledMs',
    message: /shop #2 waits, although nobody does anything/,
  },
];

const seenAs = (violations: Inspection['violations']) => violations.map(({ code, subject }) => `${code} ${subject}`);

test('a platform that is as it must be has no violations and no suspicions', () => {
  assert.deepEqual(inspect(sound), { violations: [], suspicions: [], ended: new Map() });
});

for (const { what, snapshot, code, subject, after, message } of broken) {
  test(`${code}: ${what}`, () => {
    const first = inspect({ ...sound, ...snapshot });
    const [wanted, none] =
      after === 'at once' ? [first.violations, first.suspicions] : [first.suspicions, first.violations];
    assert.deepEqual(seenAs(wanted), [`${code} ${subject}`]);
    assert.deepEqual(none, []);
    assert.match(wanted[0]?.message ?? '', message);
    if (after === 'at once') return;
    const limit = defaultTolerances[after];
    const before = inspect({ ...sound, ...snapshot, at: sound.at + limit - 1 }, first);
    assert.deepEqual(before.violations, [], 'not before its time');
    const late = inspect({ ...sound, ...snapshot, at: sound.at + limit }, before);
    assert.deepEqual(seenAs(late.violations), [`${code} ${subject}`]);
    assert.equal(late.violations[0]?.since, sound.at);
  });
}

test('an instance that is down may have had the address that another one has now', () => {
  const down = { ...web, id: 'worker-1', process: 'worker', phase: 'passed' as const };
  const deployments = [{ ...serving, instances: [down, web] }];
  const containers = [{ ...container, instanceId: 'worker-1', running: false, address: null }, container];
  assert.deepEqual(inspect({ ...sound, deployments, containers }), inspect(sound));
});

test('every code but that of secrets is violated by a case above', () => {
  assert.equal(new Set(broken.map(({ code }) => code)).size, 7);
});

test('what goes away and comes back begins anew', () => {
  const stray = { ...sound, networks: ['shop', 'gone'] };
  const first = inspect(stray);
  const between = inspect({ ...sound, at: sound.at + 30_000 }, first);
  const again = inspect({ ...stray, at: sound.at + 70_000 }, between);
  assert.deepEqual(again.violations, []);
  assert.equal(again.suspicions[0]?.since, sound.at + 70_000);
});

test('a final state that changes between two looks is found, also when it is back, and whatever it became', () => {
  const before = inspect({ ...sound, deployments: [serving, failed] });
  for (const state of ['cancelled', 'stopped', 'running'] as const) {
    const outcomes = state === 'running' ? [] : [state];
    const changed = { ...sound, deployments: [serving, { ...failed, state, outcomes, active: true, led: true }] };
    assert.deepEqual(seenAs(violationsOf(changed, before)), ['final_state_changed deployment d2']);
  }
});

test('tolerances are the caller’s: on virtual time nothing may be left at once', () => {
  const nothing = { orphanMs: 0, settleMs: 0, unledMs: 0, stuckMs: 1 };
  const { violations } = inspect({ ...sound, networks: ['shop', 'gone'] }, null, nothing);
  assert.deepEqual(seenAs(violations), ['orphan network of gone']);
});
