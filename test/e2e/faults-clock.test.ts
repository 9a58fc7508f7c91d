import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { fakeClockOf, fakeTimeLibrary, type FakedClock } from '../harness/faked-clock.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors } from './visitors.ts';
import { containersOf } from './world.ts';

/** The clock of the machine jumps by an hour: the control plane's and PostgreSQL's. */
const hour = 3_600;
const observationMs = 5_000;
const library = await fakeTimeLibrary();
const skip = library === null ? 'libfaketime is not installed' : false;

describe('the clock', { skip }, () => {
  let stage: Stage;
  let clock: FakedClock & AsyncDisposable;
  let repository: TestRepository;
  before(async () => {
    stage = await Stage.open();
    clock = await fakeClockOf(stage.platform, library ?? '');
    repository = await stage.project('shop', tellingNumber('one'), { stopGraceMs: 500 });
    await stage.deploy('shop');
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    await clock[Symbol.asyncDispose]();
  });

  async function now(): Promise<number> {
    const { at } = await stage.must<{ at: string }>('GET', '/api/invariants');
    return Date.parse(at);
  }

  for (const [way, offset] of [
    ['forward', hour],
    ['back', 0],
  ] as const) {
    test(`jumps an hour ${way} while a deployment runs: it is completed, and no visitor notices`, async () => {
      await using visitors = startVisitors(stage, 'shop.localhost', 20);
      await repository.commit(tellingNumber(randomUUID(), 1_500));
      const number = await stage.trigger('shop');
      await stage.untilState('shop', number, ['deploying']);
      await clock.set(offset);
      const { deployment } = await stage.settle('shop', number);
      assert.equal(deployment.state, 'completed', deployment.reason ?? '');
      assert.ok(Math.abs((await now()) - Date.now() - offset * 1_000) < 60_000, 'the control plane lives in that hour');
      assert.equal(await assertServesCurrent(stage, 'shop'), number);
      assert.deepEqual(failuresOf(await visitors.stop()), []);
      await assertCalm(stage);
    });

    test(`jumps an hour ${way} during an observation: it lasts as long as it was to`, async (t) => {
      await clock.set(hour - offset);
      await stage.settings('shop', { observationMs });
      await using visitors = startVisitors(stage, 'shop.localhost', 20);
      await repository.commit(tellingNumber(randomUUID()));
      const { deployment } = await stage.deploy('shop');
      const openedAt = performance.now();
      assert.equal(deployment.state, 'completed', deployment.reason ?? '');
      await stage.until('an open observation', async () => ((await instances()) === 2 ? true : null));
      await clock.set(offset);
      await stage.until('the end of the observation', async () => ((await instances()) === 1 ? true : null), 40_000);
      const lasted = performance.now() - openedAt;
      t.diagnostic(`it lasted ${Math.round(lasted)} ms`);
      assert.ok(lasted > observationMs / 2, `it ended after ${lasted} ms`);
      assert.equal(await assertServesCurrent(stage, 'shop'), deployment.number);
      assert.deepEqual(failuresOf(await visitors.stop()), []);
      await stage.settings('shop', { observationMs: 0 });
      await assertCalm(stage);
    });
  }

  async function instances(): Promise<number> {
    return (await containersOf(stage.platform, 'shop')).length;
  }
});
