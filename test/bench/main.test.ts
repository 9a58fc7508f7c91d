import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

function bench(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/bench/main.ts', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('--help says how a benchmark is asked for, and what they are called', () => {
  const { status, stdout, stderr } = bench('--help');
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.match(stdout, /^usage: bin\/bench <deploys\|.*\|static> .*\n$/);
});

test('what cannot be asked for is told in one line', () => {
  for (const args of [[], ['nope'], ['idle', 'static'], ['idle', '--nope'], ['idle', '--seed'], ['--help=x']]) {
    const { status, stdout, stderr } = bench(...args);
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' }, args.join(' '));
    assert.match(stderr, /^[^\n]+; bin\/bench --help lists them\n$/);
  }
});
