import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseKeeper } from '../../../src/engine/journal/lease-keeper.ts';
import { FencedError, type DeploymentStore } from '../../../src/engine/ports/deployment-store.ts';

const leaseMs = 10_000;

test('rule 2.4: a lease is over when the monotonic clock says so, though the other one was set back', () => {
  const { held, pass } = holding();
  pass({ monotonic: leaseMs, now: -3_600_000 });
  assert.throws(() => held.assertHeld(), FencedError);
});

test('rule 2.4: a lease is over when the wall clock says so, though the monotonic one stood still with the machine', () => {
  const { held, pass } = holding();
  pass({ monotonic: 1, now: leaseMs });
  assert.throws(() => held.assertHeld(), FencedError);
  assert.equal(held.lost.aborted, true);
});

test('rule 2.4: a lease that was asked for a moment ago is held, and a margin before it runs out it is not', () => {
  const { held, pass } = holding();
  pass({ monotonic: leaseMs * 0.8, now: leaseMs * 0.8 });
  held.assertHeld();
  pass({ monotonic: leaseMs * 0.15, now: leaseMs * 0.15 });
  assert.throws(() => held.assertHeld(), FencedError);
});

/** A lease that has just been given, and a way to let time pass on both clocks. */
function holding() {
  const time = { monotonic: 1_000, now: 1_700_000_000_000 };
  const clock = {
    monotonic: () => time.monotonic,
    now: () => time.now,
    sleep: () => new Promise<void>(() => undefined),
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody asks the database
  const keeper = new LeaseKeeper({ store: {} as DeploymentStore, clock, leaseMs, log });
  const held = keeper.hold({ deploymentId: 'd', environmentId: 'e', epoch: 1, fence: 1 }, keeper.moment());
  const pass = ({ monotonic, now }: { readonly monotonic: number; readonly now: number }) => {
    time.monotonic += monotonic;
    time.now += now;
  };
  return { held, pass };
}
