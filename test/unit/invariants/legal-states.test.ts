import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from '../../../src/domain/invariants.ts';
import type { PlatformSnapshot } from '../../../src/domain/platform-snapshot.ts';
import { sharedRoute, stableOnly } from '../../../src/domain/route.ts';
import { container, elsewhere, failed, production, running, second, serving, sound, web } from './sound-platform.ts';

/** What looks odd and is as it must be. */
const legal: readonly (readonly [string, Partial<PlatformSnapshot>])[] = [
  [
    'a rollout has instances, a slot, a share and a work tree of its own',
    {
      deployments: [serving, { ...running, state: 'ready', instances: [{ ...web, id: 'web-2', address: '10.0.0.3' }] }],
      slots: [...sound.slots, elsewhere],
      servers: [...sound.servers, { slot: 2, name: 'i1', endpoint: '10.0.0.3:3000', draining: false }],
      containers: [container, { ...container, instanceId: 'web-2', deploymentId: 'd2', address: '10.0.0.3' }],
      routes: [{ host: 'shop.example.com', target: sharedRoute(1, 2, 50) }],
      workTrees: ['d2'],
    },
  ],
  [
    'the version before stands behind the one that serves',
    {
      deployments: [
        { ...serving, instances: [{ ...web, phase: 'drained' }] },
        { ...second, state: 'completed', instances: [{ ...web, id: 'web-2', address: '10.0.0.3' }] },
      ],
      environments: [{ ...production, currentIds: ['d2'], route: stableOnly(2) }],
      slots: [...sound.slots, elsewhere],
      servers: [
        { slot: 1, name: 'i1', endpoint: '10.0.0.2:3000', draining: true },
        { slot: 2, name: 'i1', endpoint: '10.0.0.3:3000', draining: false },
        { slot: 2, name: 'f1', endpoint: '10.0.0.2:3000', draining: false },
      ],
      containers: [container, { ...container, instanceId: 'web-2', deploymentId: 'd2', address: '10.0.0.3' }],
      routes: [{ host: 'shop.example.com', target: stableOnly(2) }],
    },
  ],
  [
    'a version that is suspected shares the traffic with the one before',
    {
      deployments: [
        { ...serving, instances: [{ ...web, phase: 'drained' }] },
        { ...second, state: 'completed' },
      ],
      environments: [{ ...production, currentIds: ['d2'], route: sharedRoute(1, 2, 10) }],
      slots: [...sound.slots, elsewhere],
    },
  ],
  [
    'a bundle needs no instance',
    {
      deployments: [{ ...serving, bundle: 'a'.repeat(64), instances: [] }],
      servers: [{ slot: 1, name: 'static', endpoint: `static:${'a'.repeat(64)}`, draining: false }],
      containers: [],
    },
  ],
  [
    'an instance that crashed, and is known to, is still where it was',
    {
      deployments: [{ ...serving, instances: [{ ...web, crashed: true }] }],
      containers: [{ ...container, running: false, address: null }],
    },
  ],
  [
    'what is paused has nobody to answer, and stays as it is for ever',
    {
      deployments: [{ ...serving, state: 'paused', held: true, idleMs: 1e9, instances: [] }],
      servers: [],
      containers: [],
      routes: [{ host: 'shop.example.com', target: { ...stableOnly(1), mode: 'paused' } }],
    },
  ],
  [
    'requests wait while old gives way to new',
    { servers: [], routes: [{ host: 'shop.example.com', target: { ...stableOnly(1), mode: 'held' } }] },
  ],
  ['something waits behind another deployment', { deployments: [serving, running, { ...second, id: 'd3' }] }],
  ['what is to be tried again later waits for its time', { deployments: [serving, { ...second, led: true }] }],
  [
    'what was asked of an environment goes with it',
    { triggers: [...sound.triggers, { environmentId: 'gone', deploymentIds: ['d9'] }] },
  ],
  [
    'the first deployment has failed, and nothing serves',
    {
      environments: [{ ...production, currentIds: ['d2'], route: null }],
      deployments: [failed],
      triggers: [],
      slots: [],
      servers: [],
      routes: [],
      containers: [],
    },
  ],
];

for (const [what, snapshot] of legal) {
  test(`no violation: ${what}`, () => {
    const { violations, suspicions } = inspect({ ...sound, ...snapshot });
    assert.deepEqual([violations, suspicions], [[], []]);
  });
}
