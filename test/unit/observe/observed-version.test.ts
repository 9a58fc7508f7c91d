import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { sharedRoute, stableOnly, type RouteTarget } from '../../../src/domain/route.ts';
import { ObservedVersion } from '../../../src/engine/observe/observed-version.ts';
import type { OpenObservation } from '../../../src/engine/ports/observation-store.ts';
import type { RequestOutcome } from '../../../src/engine/ports/router.ts';

const oldSlot = 1;
const newSlot = 2;

test('5.6 a share that is stored while the route is being changed is in force only when the router has it', () => {
  const version = begun();
  const challenge = sharedRoute(oldSlot, newSlot, 20);
  version.moving = true;
  version.refresh(observation(challenge), 10);
  assert.equal(version.comparing, false, 'the row is written, the router still gives everything to the new version');
  version.routed(challenge, 20);
  version.moving = false;
  assert.equal(version.comparing, true);
});

test('5.6 a share that somebody else stored is in force as soon as it is seen', () => {
  const version = begun();
  version.refresh(observation(sharedRoute(oldSlot, newSlot, 20)), 10);
  assert.equal(version.comparing, true);
});

test('5.6 whether a request hung is told by when its headers came, not by how long its answer took', () => {
  const version = begun();
  version.stallMs = 5_000;
  version.take([outcome({ headersMs: 10, durationMs: 60_000 })], { now: 10, epoch: 10 });
  version.take([outcome({ headersMs: 6_000, durationMs: 6_001 })], { now: 10, epoch: 10 });
  version.take([outcome({ status: null, headersMs: null, durationMs: 6_000 })], { now: 10, epoch: 10 });
  version.step({ now: 10, epoch: 10 });
  assert.deepEqual(version.view(10)?.fresh, { units: 1, bad: 0 }, 'those that hung were counted when they did');
});

function begun(): ObservedVersion {
  const nothing = { units: 0, bad: 0 };
  const baseline = () => ({ lastHour: nothing, last5Minutes: nothing, routes: [], p99Ms: {} });
  const version = new ObservedVersion(observation(stableOnly(newSlot)), 0, baseline);
  version.step({ now: 0, epoch: 0 });
  assert.ok(version.begun);
  return version;
}

function observation(route: RouteTarget): OpenObservation {
  const at = '2026-01-01T00:00:00Z';
  const times = { openedAt: at, switchedAt: at, endsAt: at, leftMs: 60_000 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a record is much larger than what is looked at here
  return {
    fresh: record(newSlot),
    standby: record(oldSlot),
    route,
    hosts: [],
    view: null,
    ...times,
  } as unknown as OpenObservation;
}

function record(slot: number) {
  return { slot, instances: [], deployment: { configuration: { settings: defaultEnvironmentSettings } } };
}

function outcome(change: Partial<RequestOutcome>): RequestOutcome {
  return {
    at: 10,
    slot: newSlot,
    server: 'i1',
    status: 200,
    ending: 'complete',
    method: 'GET',
    path: '/',
    client: null,
    headersMs: 1,
    durationMs: 1,
    refused: false,
    upgrade: false,
    weight: 1,
    ...change,
  };
}
