import assert from 'node:assert/strict';
import type { RuntimeEvent } from '../../src/engine/ports/runtime.ts';
import { limit } from './runtime-world.ts';
import type { Rule, World } from './runtime-world.ts';

type Exit = Extract<RuntimeEvent, { readonly type: 'exited' }>;

/** The promises of `events`, and of what follows an exit. */
export function exitRules(rule: Rule): void {
  rule('events begin with relist and tell of start, exit and removal, and of no command run inside', async (world) => {
    const stop = new AbortController();
    const events = await subscribe(world, stop.signal);
    await world.start('polite');
    await world.untilPrinted('i1', 'ready');
    await world.exec('greet');
    const status = await world.runtime.status('i1', limit());
    const before = Date.now();
    await world.runtime.stop('i1', 5_000, limit());
    const seen: RuntimeEvent[] = [];
    while (seen.at(-1)?.type !== 'removed') seen.push((await events.next()).value);
    assert.deepEqual(
      seen.map((event) => (event.type === 'exited' ? { ...event, at: 0, containerId: null } : event)),
      [
        { type: 'started', instanceId: 'i1' },
        { type: 'exited', instanceId: 'i1', containerId: null, at: 0, exitCode: 0, outOfMemory: false },
        { type: 'removed', instanceId: 'i1' },
      ],
    );
    const exit = seen.find((event) => event.type === 'exited');
    assert.equal(exit?.containerId, status?.containerId);
    const at = exit?.at ?? 0;
    assert.ok(at >= before - 100 && at <= Date.now() + 100, `${at} is not the time of the exit`);
    const next = events.next();
    stop.abort(new Error('enough'));
    await assert.rejects(next, /enough/);
  });

  rule('8: an exit for memory is told as such, another with its code', async (world) => {
    const events = await subscribe(world, limit());
    await world.runtime.start({ ...world.spec('hungry'), memoryMb: 24 }, limit());
    const [killed] = await takeExits(events, 1);
    assert.equal(killed?.outOfMemory, true);
    assert.equal(killed?.exitCode, 137);
    await world.start('exit-3', 'i2');
    const [failed] = await takeExits(events, 1);
    assert.deepEqual([failed?.instanceId, failed?.exitCode, failed?.outOfMemory], ['i2', 3, false]);
  });

  rule(
    '8: one that keeps crashing is restarted again and again, after growing pauses, and every exit is told',
    async (world) => {
      const events = await subscribe(world, limit());
      await world.start('flaky');
      await world.runtime.keepAlive('i1', limit());
      const exits = await takeExits(events, 7);
      for (const exit of exits) assert.deepEqual(exit, { ...exit, instanceId: 'i1', exitCode: 1, outOfMemory: false });
      const gaps = exits.slice(1).map((exit, index) => exit.at - (exits[index]?.at ?? 0));
      // The pauses double; the first ones are lost in the time a start takes.
      const later = gaps.slice(3);
      assert.deepEqual(
        later,
        later.toSorted((a, b) => a - b),
        `the gaps do not grow: ${gaps.join(', ')} ms`,
      );
      assert.ok((gaps.at(-1) ?? 0) > (gaps[0] ?? 0) + 500, `the gaps do not grow: ${gaps.join(', ')} ms`);
      const status = await world.until('i1', ({ running }) => running);
      assert.ok(status.restarts >= 6, `${status.restarts} restarts`);
    },
  );
}

async function subscribe(world: World, signal: AbortSignal): Promise<AsyncIterator<RuntimeEvent>> {
  const events = world.runtime.events(signal)[Symbol.asyncIterator]();
  assert.deepEqual((await events.next()).value, { type: 'relist' });
  return events;
}

async function takeExits(events: AsyncIterator<RuntimeEvent>, count: number): Promise<readonly Exit[]> {
  const exits: Exit[] = [];
  while (exits.length < count) {
    const { value } = await events.next();
    if (value.type === 'exited') exits.push(value);
  }
  return exits;
}
