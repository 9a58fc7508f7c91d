import assert from 'node:assert/strict';
import { limit, rejectsWith } from './runtime-world.ts';
import type { Rule, World } from './runtime-world.ts';

/** The promises of `exec`. */
export function execRules(rule: Rule): void {
  rule('a command runs with the variables of its instance; both streams and the exit code are told', async (world) => {
    await world.runtime.start({ ...world.spec('serve'), variables: { GREETING: 'good day' } }, limit());
    const { exitCode, output } = await world.exec('greet');
    assert.equal(exitCode, 5);
    assert.deepEqual(output.split('\n').toSorted(), ['', 'err', 'out good day']);
  });

  rule('a command that does not exist is an exit code like any other, and the output says why', async (world) => {
    await world.start('serve');
    const { exitCode, output } = await world.exec('absent');
    assert.ok(exitCode === 126 || exitCode === 127, String(exitCode));
    assert.match(output, /no-such-program/);
  });

  rule('nothing can be run where nothing runs', async (world) => {
    await rejectsWith('not_found', world.exec('greet', 'nobody'), /nobody/);
    await world.start('exit-3');
    await world.until('i1', ({ exitCode }) => exitCode !== null);
    await rejectsWith('not_found', world.exec('greet'), /i1/);
  });

  rule('a command that prints more than is kept comes to its end, and the start is kept', async (world) => {
    await world.start('serve');
    const { exitCode, output } = await world.exec('flood');
    assert.equal(exitCode, 0);
    assert.equal(output, 'é\n'.repeat(1_000));
  });

  rule('a command that closes its outputs is waited for', async (world) => {
    await world.start('serve');
    assert.deepEqual(await world.exec('silent'), { exitCode: 4, output: '' });
  });

  rule('a command that takes too long has no exit code, and goes on no more', async (world) => {
    await world.start('serve');
    const before = performance.now();
    const request = { instanceId: 'i1', command: world.command('hang'), timeoutMs: 1_000 };
    const result = await world.runtime.exec(request, limit());
    const took = performance.now() - before;
    assert.deepEqual(result, { exitCode: null, output: 'waiting\n' });
    assert.ok(took >= 1_000 && took < 5_000, `took ${took} ms`);
    await untilRunning(world, false);
    assert.equal((await world.runtime.status('i1', limit()))?.running, true);
  });

  rule('a command whose limit is over before it begins goes on no more either', async (world) => {
    await world.start('serve');
    const request = { instanceId: 'i1', command: world.command('hang'), timeoutMs: 1 };
    assert.equal((await world.runtime.exec(request, limit())).exitCode, null);
    await untilRunning(world, false);
  });

  rule('an aborted command throws the reason and goes on no more', async (world) => {
    await world.start('serve');
    const stop = new AbortController();
    const request = { instanceId: 'i1', command: world.command('hang'), timeoutMs: 30_000 };
    const running = world.runtime.exec(request, stop.signal);
    running.catch(() => undefined);
    await untilRunning(world, true);
    const before = performance.now();
    stop.abort(new Error('not wanted any more'));
    await assert.rejects(running, /not wanted any more/);
    assert.ok(performance.now() - before < 2_000);
    await untilRunning(world, false);
  });

  rule('several commands may run at once', async (world) => {
    await world.start('serve');
    const results = await Promise.all(Array.from({ length: 5 }, () => world.exec('greet')));
    assert.deepEqual(
      results.map(({ exitCode }) => exitCode),
      [5, 5, 5, 5, 5],
    );
  });

  rule('a command ends with its instance', async (world) => {
    await world.start('polite');
    const running = world.exec('hang');
    running.catch(() => undefined);
    await untilRunning(world, true);
    await world.runtime.stop('i1', 5_000, limit());
    const [ended] = await Promise.allSettled([running]);
    if (ended.status === 'fulfilled') assert.equal(ended.value.exitCode, 137);
    else await rejectsWith('not_found', running);
  });
}

async function untilRunning(world: World, wanted: boolean): Promise<void> {
  await world.eventually(
    () => world.exec('processes'),
    ({ output }) => output.includes('54321') === wanted,
  );
}
