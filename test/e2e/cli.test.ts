import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TestRepository } from '../harness/git-server.ts';
import { answering, exitingAtStart, slowBuild } from './apps.ts';
import { Stage } from './stage.ts';

/** `bin/cutover` as a person or a pipeline runs it: a process of its own, in a pipe, against a real platform. */
let stage: Stage;
let home: string;
let repository: TestRepository;
before(async () => {
  home = await mkdtemp('/tmp/cutover-test-home-');
  stage = await Stage.open();
  repository = await stage.git.createRepository('app');
  await repository.commit(answering('one'));
});
after(async () => {
  await rm(home, { recursive: true, force: true });
  await stage[Symbol.asyncDispose]();
});

const program = fileURLToPath(new URL('../../bin/cutover', import.meta.url));

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function cutover(...args: string[]): Promise<Result> {
  return run(args, {});
}

async function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Result> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      CUTOVER_CONFIG_DIR: join(home, 'config'),
      CUTOVER_DATA_DIR: stage.platform.dataDir,
      ...env,
    },
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

/** Exit code 0; resolves to stdout. */
async function ok(...args: string[]): Promise<string> {
  const { code, out, err } = await cutover(...args);
  assert.equal(code, 0, `cutover ${args.join(' ')}: ${code}\n${err}`);
  return out;
}

test('who is not logged in gets exit code 4 and is told to log in; who mistypes gets 2', async () => {
  const refused = await run(['projects', 'list'], {});
  assert.equal(refused.code, 4);
  assert.match(refused.err, /^error: unauthenticated: .*\n {2}next: Run `cutover login`/);
  assert.equal(refused.out, '');
  const mistyped = await cutover('deploy', '--enviroment', 'production');
  assert.equal(mistyped.code, 2);
  assert.match(mistyped.err, /^error: usage: unknown option '--enviroment'[^]*\n {2}next: /);
  const wrong = await cutover('login', '--url', stage.platform.apiUrl, '--token', 'wrong');
  assert.equal(wrong.code, 4);
});

test('login keeps the token, and whoami says whose it is', async () => {
  await ok('login', '--url', stage.platform.apiUrl, '--token', stage.platform.token);
  assert.match(await ok('whoami'), /may see +all projects/);
});

test('projects are created, listed and shown; a taken name is a conflict', async () => {
  await ok('projects', 'create', 'app', '--repo', repository.url);
  assert.match(await ok('projects', 'list'), new RegExp(`^app +${repository.url}`, 'm'));
  assert.match(await ok('projects', 'show', 'app'), /repository +http/);
  assert.equal((await cutover('projects', 'create', 'app', '--repo', repository.url)).code, 6);
});

test('environments are created, changed and listed', async () => {
  await ok('environments', 'create', 'staging', '--branch', 'next', '--replicas', '2');
  await ok('environments', 'set', 'production', '--drain-timeout', '2s', '--start-period', '1s', '--memory', '256mb');
  const list = JSON.parse(await ok('environments', 'list', '--json')) as { name: string; settings: object }[];
  assert.deepEqual(
    list.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b)),
    ['production', 'staging'],
  );
  assert.match(await ok('environments', 'list'), /^staging +next +2 /m);
  const production = list.find(({ name }) => name === 'production')?.settings;
  assert.partialDeepStrictEqual(production, { drainTimeoutMs: 2_000, memoryMb: 256 });
});

test('env sets, lists and removes variables; values are hidden, those of secrets always', async () => {
  await ok('env', 'set', 'COLOUR=teal', 'SIZE=large');
  await ok('env', 'set', '--secret', 'KEY=correct-horse-battery');
  const hidden = await ok('env', 'list');
  assert.match(hidden, /^COLOUR +\(hidden\)/m);
  assert.doesNotMatch(hidden, /teal|correct-horse/);
  const shown = await ok('env', 'list', '--show', '--json');
  assert.match(shown, /teal/);
  assert.doesNotMatch(shown, /correct-horse/);
  await ok('env', 'unset', 'SIZE');
  assert.doesNotMatch(await ok('env', 'list'), /SIZE/);
  assert.equal((await cutover('env', 'unset', 'SIZE')).code, 5);
});

test('deploy prints plain lines in a pipe, then the verdict and the address, and exits with 0', async () => {
  const { code, out, err } = await cutover('deploy', 'app', '-e', 'production', '-y');
  assert.equal(code, 0, err);
  assert.match(out, /^#1 is live.*\nhttp:\/\/app\.localhost:\d+\n$/);
  assert.match(err, /^plan: rolling\n(?: {2}\S.*\n)+/, 'what will happen comes first');
  assert.match(err, /^#1 of app to production \(main\)$/m);
  assert.match(err, /^ *[\d.]+ m?s {2}gate passed by instance 1/m);
  // oxlint-disable-next-line no-control-regex -- that there is none is what is tested
  assert.doesNotMatch(out + err, /\u001B|\r/, 'no terminal codes in a pipe');
  const env = JSON.parse((await stage.visit('app.localhost', '/env')).body) as Record<string, string>;
  assert.deepEqual([env['COLOUR'], env['SIZE'], env['KEY']], ['teal', undefined, 'correct-horse-battery']);
});

test('deploy --json prints the deployment and nothing else on stdout', async () => {
  const deployed = JSON.parse(await ok('deploy', '-p', 'app', '--json')) as { number: number; requests: object };
  assert.partialDeepStrictEqual(deployed, { number: 2, state: 'completed', environment: 'production' });
  assert.partialDeepStrictEqual(deployed.requests, { failed: 0 });
});

test('a deployment that fails exits with 1, names the code, and says what to do next; the old version serves', async () => {
  await repository.commit(exitingAtStart(7));
  const { code, out, err } = await cutover('deploy', 'app', '-y');
  assert.equal(code, 1);
  assert.match(err, /^error: instance_exited: #3 failed: .*exited with code 7/m);
  assert.match(err, /cannot open the database/);
  assert.match(err, /^ {2}next: \S/m);
  assert.equal(out, '');
  assert.equal((await cutover('deploy', 'app', '--json')).code, 1);
  assert.equal((await stage.visit('app.localhost')).body, 'one');
});

test('deployments are listed and shown, and their logs printed', async () => {
  const list = await ok('deployments', 'list');
  assert.match(list, /^#4 +production +failed /m);
  assert.match(list, /^#2 +production +completed /m);
  const status = await ok('deployments', 'status', '3');
  assert.match(status, /^#3 failed/);
  assert.match(status, /^code +instance_exited/m);
  assert.match(status, /^DeployImageJob +failure /m);
  assert.match(await ok('deployments', 'logs', '2', 'DeployImageJob'), /^gate passed by instance 1/m);
  assert.match(await ok('deployments', 'logs', '2', 'DeployImageJob', '-f'), /^complete: /m);
  const { instances } = await stage.detail('app', 3);
  assert.match(await ok('deployments', 'logs', '#3', instances[0]?.id ?? ''), /cannot open the database/);
  assert.equal((await cutover('deployments', 'status', '99')).code, 5);
});

test('queue shows what runs, cancel ends it, and a second cancel is a conflict', async () => {
  assert.match(await ok('queue'), /nothing waits/);
  await repository.commit({ ...slowBuild({ lines: 1, secondsApart: 60 }) });
  assert.match(await ok('deploy', 'app', '-y', '--no-wait'), /^#5 is (pending|running)/);
  assert.match(await ok('queue'), /^app #5 +production +(pending|running) /m);
  assert.match(await ok('deployments', 'cancel', '5'), /^#5 is cancelled: cancelled by a user/);
  const again = await cutover('deployments', 'cancel', '5');
  assert.equal(again.code, 6);
  assert.match(again.err, /^error: illegal_transition: #5 is cancelled/);
});

test('doctor and server status find everything well', async () => {
  const doctor = await ok('doctor');
  for (const part of ['docker', 'haproxy', 'nginx', 'postgresql', 'git'])
    assert.match(doctor, new RegExp(`✓ ${part}: `));
  const status = JSON.parse(await ok('server', 'status', '--json')) as { components: { healthy: boolean }[] };
  const { apiUrl, routerPort, pids } = stage.platform;
  assert.partialDeepStrictEqual(status, { running: true, apiUrl, routerPort, pid: pids.controlPlane });
  assert.ok(status.components.length >= 4 && status.components.every(({ healthy }) => healthy));
});

test('projects delete asks first where nobody can answer, and with -y deletes', async () => {
  const asked = await cutover('projects', 'delete', 'app');
  assert.equal(asked.code, 2);
  assert.match(asked.err, /add -y to confirm/);
  assert.match(await ok('projects', 'delete', 'app', '-y'), /^deleted app/);
  await stage.until('the project to be gone', async () =>
    (await cutover('projects', 'show', 'app')).code === 5 ? true : null,
  );
  await stage.until('its host to be nobody’s', async () =>
    (await stage.visit('app.localhost')).status === 404 ? true : null,
  );
});
