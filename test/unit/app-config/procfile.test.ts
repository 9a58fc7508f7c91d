import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeProcesses } from '../../../src/domain/app-config/merge-processes.ts';
import { parseProcfile } from '../../../src/domain/app-config/procfile.ts';

const problemsOf = (text: string) => parseProcfile(text).problems.map(({ line, message }) => `${line}: ${message}`);

test('rule 4.3: a Procfile has a process per line, each a line for the shell; comments and empty lines say nothing', () => {
  const text =
    '# the app\r\nweb: bundle exec puma -p $PORT\r\n\r\n  worker_2 :  node w.js # here: fine\nrelease: a && b';
  assert.deepEqual(parseProcfile(text), {
    processes: [
      { name: 'web', command: ['/bin/sh', '-c', 'exec bundle exec puma -p $PORT'] },
      { name: 'worker_2', command: ['/bin/sh', '-c', 'exec node w.js # here: fine'] },
      { name: 'release', command: ['/bin/sh', '-c', 'a && b'] },
    ],
    problems: [],
  });
});

test('rule 4.3: everything that is wrong in a Procfile is named with its line', () => {
  const long = 'x'.repeat(4_097);
  const names =
    'the name before the colon must be at most 30 lower-case letters, digits, - and _, and begin with a letter';
  assert.deepEqual(problemsOf(`web npm start\nWeb: a\nweb: a\n\nweb: b\nworker:\n: c\nbeat: ${long}\nq: a\0b\n`), [
    '1: a line is `name: command`',
    `2: ${names}`,
    '5: `web` is given twice',
    '6: `worker` has no command',
    `7: ${names}`,
    '8: the command of `beat` must be at most 4,096 characters',
    '9: the command of `q` must be at most 4,096 characters',
  ]);
  const many = Array.from({ length: 33 }, (_, index) => `w${index}: a`).join('\n');
  assert.deepEqual(problemsOf(many), ['33: there may be at most 32 processes']);
});

test('rule 4.3: cutover.yaml wins name by name and key by key, the Procfile fills the rest', () => {
  const yaml = [
    { name: 'worker', replicas: 2 },
    { name: 'release', command: ['a'] },
  ];
  const procfile = [
    { name: 'web', command: ['w'] },
    { name: 'worker', command: ['x'] },
    { name: 'release', command: ['y'] },
  ];
  assert.deepEqual(mergeProcesses(yaml, procfile), [
    { name: 'worker', command: ['x'], replicas: 2 },
    { name: 'release', command: ['a'] },
    { name: 'web', command: ['w'] },
  ]);
});
