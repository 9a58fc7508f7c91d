import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runtime, RuntimeEvent } from '../../../src/engine/ports/runtime.ts';
import { InstanceWatch } from '../../../src/engine/observe/instance-watch.ts';

const exited: RuntimeEvent = {
  type: 'exited',
  instanceId: 'one',
  containerId: 'c1',
  at: 0,
  exitCode: 1,
  outOfMemory: false,
};
const started: RuntimeEvent = { type: 'started', instanceId: 'one' };

test('that an instance was started is no news a moment after whoever started it has gone on', async () => {
  assert.deepEqual(await newsOf([started]), []);
});

test('an exit is news at once, and so is the start that follows it', async () => {
  assert.deepEqual(await newsOf([exited, started]), [exited, started]);
});

test('a start that comes late is news', async () => {
  assert.deepEqual(await newsOf([started], 3_000), [started]);
});

/** What is passed on of events that come so long after the instance was expected to change. */
async function newsOf(events: readonly RuntimeEvent[], afterMs = 100): Promise<readonly RuntimeEvent[]> {
  const stop = new AbortController();
  const news: RuntimeEvent[] = [];
  let now = 0;
  const runtime: Pick<Runtime, 'events'> = {
    async *events() {
      yield* events;
      stop.abort(new Error('that was all'));
      stop.signal.throwIfAborted();
    },
  };
  const nobody = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const watch = new InstanceWatch({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is asked
    runtime: runtime as Runtime,
    clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
    log: nobody,
    onEvent: (event) => void news.push(event),
  });
  watch.expect('one')[Symbol.dispose]();
  now = afterMs;
  await watch.run(stop.signal);
  return news;
}
