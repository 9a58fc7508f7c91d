import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { shellCommand } from '../../../src/domain/app-config/shell-command.ts';

const run = promisify(execFile);

/** What a line prints when it is run as a container would run it. */
async function output(line: string): Promise<string> {
  const [file = '', ...args] = shellCommand(line);
  const { stdout } = await run(file, args, { env: { PATH: process.env['PATH'] ?? '', PORT: '8080' }, timeout: 10_000 });
  return stdout.trim();
}

const lineOf = (line: string) => shellCommand(line).at(-1);

test('one plain command takes the place of the shell, so that SIGTERM reaches it (rule 5.4)', async () => {
  assert.deepEqual(shellCommand('  bundle exec puma -p $PORT\n'), ['/bin/sh', '-c', 'exec bundle exec puma -p $PORT']);
  assert.equal(lineOf('./bin/serve --name "my app"'), 'exec ./bin/serve --name "my app"');
  const pids = await output(`${process.execPath} -p process.ppid`);
  assert.equal(pids, String(process.pid), 'no shell stands between');
});

test('a line that is more than one plain command is the shell alone', () => {
  const lines = [
    'cd app && node server.js',
    'A=1 node server.js',
    'exec node server.js',
    '. ./env; node server.js',
    'if true; then node server.js; fi',
    'node server.js | tee log',
    'node server.js > log',
    '(node server.js)',
    'node "$(cat main)"',
    '"my program" --flag',
    'export A',
    'node a.js\nnode b.js',
    '$PROGRAM --flag',
  ];
  for (const line of lines) assert.equal(lineOf(line), line);
});

test('every line means with `exec` what it means without', async () => {
  assert.equal(await output('echo "a  b" $PORT'), 'a  b 8080');
  assert.equal(await output('cd / && pwd'), '/');
  assert.equal(await output('A=1 env | grep ^A='), 'A=1');
  assert.equal(await output("printf %s 'one; two'"), 'one; two');
  assert.equal(await output('echo one # two'), 'one');
});
