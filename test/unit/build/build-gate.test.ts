import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBuildGate } from '../../../src/drivers/build/buildkit/build-gate.ts';

const never = new AbortController().signal;

/** Whether it has entered by now. */
async function hasEntered(entering: Promise<unknown>): Promise<boolean> {
  const no = Symbol('no');
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([entering, Promise.resolve(no)])) !== no;
}

test('builds run side by side; one without cache waits for all of them, and the next ones wait for it', async () => {
  const enter = createBuildGate();
  const [first, second] = [await enter(false, never), await enter(false, never)];
  const alone = enter(true, never);
  const later = enter(false, never);
  first();
  first();
  assert.equal(await hasEntered(alone), false);
  second();
  const leave = await alone;
  assert.equal(await hasEntered(later), false);
  assert.equal(await hasEntered(enter(true, AbortSignal.timeout(10)).catch(() => Promise.race([]))), false);
  leave();
  (await later)();
});

test('who gives up waiting holds up nobody', async () => {
  const enter = createBuildGate();
  const leave = await enter(false, never);
  const controller = new AbortController();
  const alone = enter(true, controller.signal);
  const later = enter(false, never);
  controller.abort(new Error('cancelled'));
  await assert.rejects(alone, /cancelled/);
  (await later)();
  leave();
  await assert.rejects(enter(true, controller.signal), /cancelled/);
  (await enter(true, never))();
});
