import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CrashControls } from '../../crash/controls.ts';
import { allCases, nameOf, parseCase, sample } from '../../crash/crash-case.ts';

const script = fileURLToPath(new URL('numbered-process.ts', import.meta.url));

function runIn(controls: CrashControls, ...calls: readonly string[]) {
  const { status, signal, stdout } = spawnSync(process.execPath, [script, controls.dir, ...calls], {
    encoding: 'utf8',
  });
  return { status, signal, said: stdout.trim().split('\n') };
}

test('without a point to crash at everything goes on, and what acts is numbered before and after', () => {
  using controls = new CrashControls();
  const { status, said } = runIn(controls, 'act', 'look', 'act');
  assert.deepEqual([status, said], [0, ['did 1', 'answered 1', 'seen', 'did 2', 'answered 2']]);
  const passed = ['port.act:1:before', 'port.act:1:after', 'port.act:2:before', 'port.act:2:after'];
  assert.deepEqual(controls.passed(), passed);
});

test('killed before a call it has not acted, killed after it it has acted and told nobody', () => {
  using controls = new CrashControls();
  controls.arm(['port.act:2:before']);
  assert.deepEqual(runIn(controls, 'act', 'act'), { status: null, signal: 'SIGKILL', said: ['did 1', 'answered 1'] });
  controls.arm(['port.act:2:after']);
  const { signal, said } = runIn(controls, 'act', 'act');
  assert.deepEqual([signal, said], ['SIGKILL', ['did 1', 'answered 1', 'did 2']]);
});

test('a call that fails has an after too, and fails as before', () => {
  using controls = new CrashControls();
  assert.deepEqual(runIn(controls, 'fail').said, ['Error: it failed']);
  controls.arm(['port.fail:1:after']);
  assert.equal(runIn(controls, 'fail').signal, 'SIGKILL');
});

test('what is asked again and again is numbered only where it found something', () => {
  using controls = new CrashControls();
  runIn(controls, 'find', 'find');
  assert.deepEqual(controls.passed(), []);
  runIn(controls, 'find', 'find', 'find', 'find');
  assert.deepEqual(controls.passed().slice(0, 2), ['port.find:1:after', 'port.find:2:after']);
});

test('a point is crossed out when it is reached, and the next process comes to the second one', () => {
  using controls = new CrashControls();
  controls.arm(['port.act:1:after', '+3']);
  assert.equal(runIn(controls, 'act').signal, 'SIGKILL');
  assert.equal(controls.left(), 1);
  const { signal, said } = runIn(controls, 'act', 'act');
  assert.deepEqual([signal, said, controls.left()], ['SIGKILL', ['did 1', 'answered 1'], 0]);
  assert.deepEqual(controls.passed().slice(-3), ['port.act:1:before', 'port.act:1:after', 'port.act:2:before']);
});

test('a case is written as it is read, and nothing else is read', () => {
  for (const name of ['good:runtime.start:1:after', 'bad:docker POST /containers/create:2:before+7'])
    assert.equal(nameOf(parseCase(name)), name);
  for (const name of ['fine:runtime.start:1:after', 'good:runtime.start', 'good:runtime.start:1:after+x'])
    assert.throws(() => parseCase(name), /is no case/);
});

test('a sample is the same for the same seed, another for another, and a quarter of it crashes twice', () => {
  const points = Array.from({ length: 50 }, (_, index) => `runtime.start:${index + 1}:after`);
  const cases = allCases('good', points);
  assert.equal(cases.length, 50 + 10 * 10);
  const one = sample(cases, 20, 'one').map(nameOf);
  assert.deepEqual(sample(cases, 20, 'one').map(nameOf), one);
  assert.notDeepEqual(sample(cases, 20, 'two').map(nameOf), one);
  assert.deepEqual([new Set(one).size, one.filter((name) => name.includes('+')).length], [20, 5]);
});
