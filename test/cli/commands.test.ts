import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { CliUnderTest } from './cli-run.ts';

test('login checks the token, keeps it readable by its owner only, and later commands use it', async () => {
  await using cli = await CliUnderTest.start();
  const refused = await cli.runBare(['login', '--url', cli.api.url, '--token', 'made-up']);
  assert.equal(refused.code, 4);
  await assert.rejects(stat(cli.configFile), { code: 'ENOENT' });
  const login = await cli.runBare(['login', '--url', cli.api.url, '--token', cli.api.owner]);
  assert.equal(login.code, 0, login.stderr);
  assert.equal((await stat(cli.configFile)).mode & 0o777, 0o600);
  const who = await cli.runBare(['whoami', '--json']);
  assert.deepEqual(JSON.parse(who.stdout).role, 'owner');
});

test('login asks for the token on a terminal, and CUTOVER_TOKEN wins over what is stored', async () => {
  await using cli = await CliUnderTest.start();
  const asked = await cli.runBare(['login', '--url', cli.api.url], { answer: `${cli.api.owner} ` });
  assert.deepEqual([asked.code, asked.questions], [0, ['Token: ']]);
  const viewer = cli.api.platform.token('reader', 'viewer');
  const who = await cli.runBare(['whoami'], { env: { CUTOVER_TOKEN: viewer } });
  assert.match(who.stdout, /^name +reader$/m);
});

test('a damaged configuration file is named, not guessed around', async () => {
  await using cli = await CliUnderTest.start();
  await cli.runBare(['login', '--url', cli.api.url, '--token', cli.api.owner]);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(cli.configFile, '{"url":');
  const result = await cli.runBare(['whoami']);
  assert.equal(result.code, 2);
  assert.ok(result.stderr.includes(cli.configFile));
});

test('projects are created with build settings, shown, changed and deleted', async () => {
  await using cli = await CliUnderTest.start();
  const create = ['projects', 'create', 'shop', '--repo', 'https://git.example/shop.git', '--preset', 'node'];
  const created = await cli.run([...create, '--build-env', 'A=1', 'B=x=y', '--target', '', '--json']);
  const { build } = JSON.parse(created.stdout) as { build: Record<string, unknown> };
  assert.equal(build['preset'], 'node');
  assert.deepEqual(build['buildEnv'], { A: '1', B: 'x=y' });
  assert.equal(build['target'], null);
  assert.match((await cli.run(['projects', 'list'])).stdout, /^shop +https:\/\/git\.example\/shop\.git +node/m);
  await cli.run(['projects', 'update', 'shop', '--start-command', 'node server.js']);
  assert.match((await cli.run(['projects', 'show', 'shop'])).stdout, /^start command +node server\.js$/m);
  assert.equal((await cli.run(['projects', 'delete', 'shop'])).code, 2, 'without -y and terminal nothing is deleted');
  assert.equal((await cli.run(['projects', 'delete', 'shop', '-y'])).code, 0);
  assert.equal((await cli.run(['projects', 'show', 'shop'])).code, 5);
});

test('environment settings are written with units and arrive in milliseconds and MiB', async () => {
  await using cli = await CliUnderTest.start();
  const settings = ['--replicas', '3', '--cpu', '0.5', '--memory', '1gb', '--drain-timeout', '30s', '--port', '8080'];
  const health = ['--health-path', '/up', '--health-status', '200-399', '--health-interval', '500ms'];
  const flags = ['--strategy', 'blue-green', '--no-auto-deploy', '--start-period', '2m'];
  const result = await cli.run(['environments', 'set', 'production', ...settings, ...health, ...flags, '--json']);
  assert.equal(result.code, 0, result.stderr);
  const shown = JSON.parse(result.stdout) as {
    settings: Record<string, unknown> & { health: Record<string, unknown> };
  };
  const { replicas, cpuCores, memoryMb, drainTimeoutMs, port, strategy, autoDeploy, branch } = shown.settings;
  assert.deepEqual(
    { replicas, cpuCores, memoryMb, drainTimeoutMs, port, strategy, autoDeploy, branch },
    {
      replicas: 3,
      cpuCores: 0.5,
      memoryMb: 1024,
      drainTimeoutMs: 30_000,
      port: 8080,
      strategy: 'blue-green',
      autoDeploy: false,
      branch: 'main',
    },
  );
  const { path, statusMin, statusMax, intervalMs, startPeriodMs, timeoutMs } = shown.settings.health;
  assert.deepEqual([path, statusMin, statusMax, intervalMs, startPeriodMs], ['/up', 200, 399, 500, 120_000]);
  assert.equal(timeoutMs, 3_000, 'what was not given stays');
  const auto = await cli.run(['environments', 'set', 'production', '--port', 'auto', '--json']);
  assert.equal((JSON.parse(auto.stdout) as typeof shown).settings['port'], null);
});

test('a duration without a unit, an unknown strategy and an empty change are usage errors', async () => {
  await using cli = await CliUnderTest.start();
  const set = ['environments', 'set', 'production'];
  const unitless = await cli.run([...set, '--drain-timeout', '30']);
  assert.equal(unitless.code, 2);
  assert.match(unitless.stderr, /error: usage: .*Write a duration with its unit: 500ms, 30s, 2m or 1h\./);
  assert.equal((await cli.run([...set, '--strategy', 'yolo'])).code, 2);
  assert.equal((await cli.run(set)).code, 2);
});

test('environments are created, listed, shown and deleted', async () => {
  await using cli = await CliUnderTest.start();
  assert.equal((await cli.run(['environments', 'create', 'staging', '--branch', 'next'])).code, 0);
  assert.match(
    (await cli.run(['environments', 'list'])).stdout,
    /^staging +next +1 +rolling +nothing yet +staging-my-app/m,
  );
  assert.match(
    (await cli.run(['environments', 'show', 'staging', '-p', 'my-app'])).stdout,
    /^drain timeout +30\.0 s$/m,
  );
  assert.equal((await cli.run(['environments', 'delete', 'staging'], { answer: 'y' })).code, 0);
  assert.equal((await cli.run(['environments', 'show', 'staging'])).code, 5);
});

test('system df shows what takes room, beside its budget, and says where something could not be counted', async () => {
  await using cli = await CliUnderTest.start();
  const { stdout } = await cli.run(['system', 'df']);
  assert.match(stdout, /^build-cache +3\.0 GB +10\.0 GB +earlier builds$/m);
  assert.match(stdout, /^mirrors +- +- +copies of repositories$/m);
});

test('values of variables are hidden by default, those of secrets always', async () => {
  await using cli = await CliUnderTest.start();
  await cli.run(['env', 'set', 'COLOR=blue', 'EMPTY=']);
  await cli.run(['env', 'set', 'KEY=hunter2', '--secret', '--build', '-e', 'production']);
  const hidden = await cli.run(['env', 'list', '-e', 'production']);
  assert.match(hidden.stdout, /^COLOR +\(hidden\) +project +no$/m);
  const shown = await cli.run(['env', 'list', '-e', 'production', '--show']);
  assert.match(shown.stdout, /^COLOR +blue +project +no$/m);
  assert.match(shown.stdout, /^KEY +\(secret\) +environment +yes$/m);
  for (const result of [hidden, shown, await cli.run(['env', 'list', '-e', 'production', '--show', '--json'])]) {
    assert.doesNotMatch(result.stdout + result.stderr, /hunter2/);
  }
  const gone = await cli.run(['env', 'unset', 'COLOR', 'NOPE']);
  assert.equal(gone.stdout, 'removed COLOR\n');
  assert.equal((await cli.run(['env', 'unset', 'COLOR'])).code, 5);
  assert.equal((await cli.run(['env', 'set', 'NOVALUE'])).code, 2);
});

test('deployments are listed in pages and shown with jobs, the reason and the next step', async () => {
  await using cli = await CliUnderTest.start();
  cli.api.platform.play = (held) => cli.api.platform.fail(held);
  for (let count = 0; count < 3; count += 1) await cli.run(['deploy', 'my-app']);
  const page = await cli.run(['deployments', 'list', 'my-app', '--limit', '2']);
  assert.match(page.stdout, /^#3 +production +failed/m);
  assert.match(page.stderr, /--before 2/);
  const rest = await cli.run(['deployments', 'list', '--before', '#2', '--json']);
  assert.deepEqual(
    (JSON.parse(rest.stdout) as { number: number }[]).map(({ number }) => number),
    [1],
  );
  const status = await cli.run(['deployments', 'status', '3']);
  assert.match(status.stdout, /^#3 failed: step 3 of the Dockerfile exited with 1$/m);
  assert.match(status.stdout, /^BuildImageJob +failure /m);
  assert.match(status.stdout, /^code +build_failed$/m);
});

test('logs print the job that failed unless another is named, and -f goes on until the log ends', async () => {
  await using cli = await CliUnderTest.start();
  const { platform } = cli.api;
  platform.play = (held) => platform.fail(held);
  await cli.run(['deploy', 'my-app']);
  const failed = await cli.run(['deployments', 'logs', '1']);
  assert.equal(failed.stdout, 'step 1\nstep 2\nnpm error missing script: build\n');
  assert.equal((await cli.run(['deployments', 'logs', '1', 'TakeScreenshotJob'])).code, 5);
  const log = platform.log(cli.api.held(1), 'DeployImageJob', 'begun');
  const onWrite = (text: string) => {
    if (text !== 'begun\n') return;
    platform.log(cli.api.held(1), 'DeployImageJob', 'more');
    log.close();
  };
  const followed = await cli.run(['deployments', 'logs', '1', 'DeployImageJob', '-f', '--json'], {
    onWrite: (text) => onWrite(text.includes('begun') ? 'begun\n' : text),
  });
  const texts = followed.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text);
  assert.deepEqual(texts, ['begun', 'more']);
});

test('a project whose repository the platform keeps says where to push to; one that has it elsewhere says so too', async () => {
  await using cli = await CliUnderTest.start();
  const created = await cli.run(['projects', 'create', 'shop', '--git-push', '--branch', 'live']);
  assert.deepEqual([created.code, created.stdout], [0, 'created shop\n']);
  assert.match(created.stderr, /cutover projects remote shop/);
  const remote = await cli.run(['projects', 'remote', 'shop']);
  assert.equal(remote.stdout, 'http://cutover.example/git/shop.git\nlive  production\n');
  assert.match(
    remote.stderr,
    /git remote add cutover http:\/\/cutover\.example\/git\/shop\.git && git push cutover live/,
  );
  assert.match((await cli.run(['projects', 'list'])).stdout, /^shop +kept by the platform/m);
  const elsewhere = await cli.run(['projects', 'remote', 'my-app']);
  assert.equal(elsewhere.code, 6);
  assert.match(elsewhere.stderr, /repository_elsewhere.*reads its code from https:\/\/git\.example/s);
  const both = await cli.run(['projects', 'create', 'two', '--git-push', '--repo', 'https://git.example/two.git']);
  assert.equal(both.code, 2);
});

test('who may see one project sees how many wait in the others', async () => {
  await using cli = await CliUnderTest.start();
  await cli.run(['deploy', 'my-app', '--no-wait']);
  await cli.run(['projects', 'create', 'other', '--no-repo']);
  const made = await cli.run(['tokens', 'create', 'narrow', '--role', 'viewer', '-p', 'other']);
  const narrow = await cli.run(['queue'], { env: { CUTOVER_TOKEN: made.stdout.trim() } });
  assert.equal(narrow.stdout, 'nothing waits\nin other projects 1 wait and 0 run\n');
});

test('cancel works while a deployment waits; later it is a conflict', async () => {
  await using cli = await CliUnderTest.start();
  await cli.run(['deploy', 'my-app', '--no-wait']);
  assert.match((await cli.run(['queue'])).stdout, /^my-app #1 +production +pending +a free worker/m);
  assert.equal((await cli.run(['deployments', 'cancel', '1'])).stdout, '#1 is cancelled: cancelled by owner\n');
  const again = await cli.run(['deployments', 'cancel', '1']);
  assert.equal(again.code, 6);
  assert.match(again.stderr, /illegal_transition/);
  assert.equal((await cli.run(['queue'])).stdout, 'nothing waits\n');
});

test('a token is printed alone on stdout, listed without its secret, and useless once revoked', async () => {
  await using cli = await CliUnderTest.start();
  const created = await cli.run(['tokens', 'create', 'ci', '--role', 'developer', '-p', 'my-app']);
  const secret = created.stdout.trim();
  const env = { CUTOVER_TOKEN: secret };
  assert.equal((await cli.run(['whoami'], { env })).code, 0);
  const list = await cli.run(['tokens', 'list', '--json']);
  assert.ok(!list.stdout.includes(secret));
  const token = (JSON.parse(list.stdout) as { id: string; name: string }[]).find(({ name }) => name === 'ci');
  assert.equal((await cli.run(['tokens', 'revoke', token?.id ?? '', '-y'])).code, 0);
  assert.equal((await cli.run(['whoami'], { env })).code, 4);
});

test('the only project need not be named; of several one must be', async () => {
  await using cli = await CliUnderTest.start();
  assert.equal((await cli.run(['environments', 'list'])).code, 0);
  await cli.run(['projects', 'create', 'second', '--repo', 'https://git.example/s.git']);
  const result = await cli.run(['environments', 'list']);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /name the project with -p \(there are my-app, second\)/);
});

test('starting the server for the first time logs in with the admin token, which is not printed', async () => {
  await using cli = await CliUnderTest.start();
  const started = { url: cli.api.url, pid: 7, wasRunning: false, adminToken: cli.api.owner };
  const asked: unknown[] = [];
  const local = { startServer: async (options: unknown) => (asked.push(options), started) };
  const result = await cli.runBare(['server', 'start', '--api-port', '7081', '--http-port', '8081'], { local });
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(asked, [{ apiPort: 7081, routerPort: 8081 }]);
  assert.ok(!(result.stdout + result.stderr).includes(cli.api.owner));
  assert.match(await readFile(cli.configFile, 'utf8'), new RegExp(cli.api.owner));
  assert.equal((await cli.runBare(['whoami'])).code, 0);
});

test('server status exits 3 when nothing runs; server stop says what goes on', async () => {
  await using cli = await CliUnderTest.start();
  const stopped = await cli.runBare(['server', 'status', '--json'], {
    local: { serverStatus: async () => ({ running: false as const }) },
  });
  assert.deepEqual([stopped.code, JSON.parse(stopped.stdout)], [3, { running: false }]);
  const stop = await cli.runBare(['server', 'stop'], { local: { stopServer: async () => ({ wasRunning: true }) } });
  assert.match(stop.stdout, /traffic goes on/);
});

test('doctor asks the server, else looks at the machine, and exits 1 when a check failed', async () => {
  await using cli = await CliUnderTest.start();
  const remote = await cli.run(['doctor']);
  assert.equal(remote.code, 1);
  assert.match(remote.stdout, /✗ haproxy: not installed\n {4}apt-get install haproxy/);
  const checks = [{ name: 'git', status: 'ok' as const, found: '2.39', fix: null }];
  const env = { CUTOVER_URL: 'http://127.0.0.1:1' };
  const local = await cli.run(['doctor'], { env, local: { doctor: async () => ({ checks }) } });
  assert.deepEqual([local.code, local.stdout], [0, '✓ git: 2.39\n']);
});

test('images base passes on what was asked, tells progress on stderr and the result on stdout', async () => {
  await using cli = await CliUnderTest.start();
  const image = { reference: 'node:24-slim', imageId: 'sha256:0123456789abcdef', built: true, durationMs: 4_000 };
  const asked: unknown[] = [];
  const buildBaseImages = async (options: unknown, progress: (line: string) => void) => {
    asked.push(options);
    progress('unpacking');
    return [image];
  };
  const result = await cli.runBare(['images', 'base', '--force', '--node', '22', '24'], { local: { buildBaseImages } });
  assert.deepEqual(asked, [{ images: ['static', 'run', 'node'], force: true, nodeVersions: [22, 24] }]);
  assert.match(result.stdout, /^node:24-slim +0123456789ab +made in 4\.0 s$/m);
  assert.equal(result.stderr, 'unpacking\n');
  await cli.runBare(['images', 'base'], { local: { buildBaseImages } });
  assert.deepEqual(asked[1], { images: ['static', 'run', 'node'], force: false, nodeVersions: [24] });
  await cli.runBare(['images', 'base', 'python', 'static'], { local: { buildBaseImages } });
  assert.deepEqual(asked[2], { images: ['python', 'static'], force: false, nodeVersions: [24] });
});
