import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { baseImage } from '../harness/images.ts';
import { freePort } from '../harness/haproxy.ts';
import { emptyPlatform } from '../harness/platform.ts';
import { processesOf } from '../harness/processes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const limitMs = 120_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function run(file: string, args: readonly string[], env: Record<string, string | undefined>): Promise<Ended> {
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** A place for an installation of the quickstart, as if on a machine of its own. */
async function place() {
  await baseImage('node');
  const directory = await mkdtemp('/tmp/cutover-test-quickstart-');
  await chmod(directory, 0o755);
  const dataDir = join(directory, 'data');
  const platformId = `test-${randomBytes(4).toString('hex')}`;
  const foreign = Object.entries(process.env).filter(([name]) => !/^(CUTOVER_|DATABASE_URL$|NODE_TEST)/.test(name));
  const env = {
    ...Object.fromEntries(foreign),
    CUTOVER_DATA_DIR: dataDir,
    CUTOVER_HTTP_PORT: String(await freePort()),
    CUTOVER_API_PORT: String(await freePort()),
    CUTOVER_CONFIG_DIR: join(directory, 'config'),
    CUTOVER_PLATFORM_ID: platformId,
    CUTOVER_NETWORK_POOL: '10.214.0.0/16',
    CUTOVER_ROUTER_SLOTS: '100',
  };
  return {
    dataDir,
    platformId,
    login: join(directory, 'config', 'config.json'),
    quickstart: (...args: string[]) => run('bin/quickstart', args, env),
    cutover: (...args: string[]) => run('bin/cutover', args, env),
    async [Symbol.asyncDispose]() {
      if (existsSync(dataDir)) {
        await run('bin/cutover', ['server', 'stop', '--all'], env);
        await run(process.execPath, ['bin/lib/sweep.mjs', '--platform', platformId], env);
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function leftInDocker(platformId: string): Promise<number> {
  const docker = new Docker({ socketPath: '/var/run/docker.sock', host: '' });
  const filters = { label: [`cutover.platform=${platformId}`] };
  const found = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listImages({ filters }),
  ]);
  return found.flat().length;
}

function assertWell({ code, output }: Ended, says: RegExp): void {
  assert.equal(code, 0, output);
  assert.match(output, says);
}

describe('bin/quickstart', () => {
  test('deploys twice without a failed request, again after --down, and --purge leaves nothing', async () => {
    await using there = await place();
    assertWell(await there.quickstart(), /#2 is live; 0 of [\d,]+ requests failed/);
    assertWell(await there.quickstart(), /#4 is live; 0 of [\d,]+ requests failed/);
    assertWell(await there.quickstart('--down'), /Cutover stops/);
    assert.deepEqual(processesOf(there.dataDir, 0), []);
    assertWell(await there.quickstart(), /#6 is live; 0 of [\d,]+ requests failed/);
    assert.ok(existsSync(there.login));
    assertWell(await there.quickstart('--purge'), /remove /);
    assert.deepEqual(processesOf(there.dataDir, 0), []);
    assert.equal(await leftInDocker(there.platformId), 0);
    assert.deepEqual([existsSync(there.dataDir), existsSync(there.login)], [false, false]);
    assertWell(await there.quickstart('--down'), /nothing to stop/);
    assert.equal((await there.quickstart('--purge')).code, 1);
  });

  test('--purge of an installation that was there before removes only the sample, and leaves a login elsewhere alone', async () => {
    await using there = await place();
    assert.equal((await there.cutover('server', 'start')).code, 0);
    const mine = ['projects', 'create', 'mine', '--repo', 'https://example.com/mine.git'];
    assert.equal((await there.cutover(...mine)).code, 0);
    assert.equal((await there.cutover('server', 'stop')).code, 0);
    assertWell(await there.quickstart(), /#2 is live/);
    assertWell(await there.quickstart('--purge'), /was there before/);
    const { code, output } = await there.cutover('projects', 'list', '--json');
    assert.equal(code, 0, output);
    assert.match(output, /"mine"/);
    assert.doesNotMatch(output, /"hello"/);
    assert.equal(existsSync(join(there.dataDir, 'quickstart')), false);
    assert.equal(await leftInDocker(there.platformId), 0);
  });

  test('--purge refuses a directory that the quickstart never saw', async () => {
    await using there = await place();
    await mkdir(there.dataDir, { recursive: true });
    await writeFile(join(there.dataDir, 'precious'), 'kept');
    const { code, output } = await there.quickstart('--purge');
    assert.equal(code, 1);
    assert.match(output, /was not made by bin\/quickstart/);
    assert.equal(await readFile(join(there.dataDir, 'precious'), 'utf8'), 'kept');
  });
});

test('a login to another server is not forgotten', async () => {
  await using empty = await emptyPlatform();
  const { dataDir } = empty.variables;
  const config = join(dataDir, 'config.json');
  const forget = () =>
    promisify(execFile)(process.execPath, ['bin/lib/forget-login.mjs', dataDir], {
      cwd: root,
      env: { CUTOVER_CONFIG_DIR: dataDir },
    });
  const state = { pid: 1, apiPort: 7080, routerPort: 8080, startedAt: '2026-01-01T00:00:00.000Z' };
  await writeFile(join(dataDir, 'server.json'), JSON.stringify(state));
  await writeFile(config, JSON.stringify({ url: 'https://other.example', token: 'x' }));
  await forget();
  assert.ok(existsSync(config));
  await writeFile(config, JSON.stringify({ url: 'http://127.0.0.1:7080', token: 'x' }));
  await forget();
  assert.equal(existsSync(config), false);
});

test('without root everything that is missing is named at once', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become somebody else');
  const scripts = await Promise.all(
    ['bin/lib/terminal.sh', 'bin/lib/prerequisites.sh'].map((path) => readFile(join(root, path), 'utf8')),
  );
  // Without a directory of programs on the PATH nothing is found; what the scripts themselves use is built into bash.
  const script = `${scripts.join('\n')}\nis_root() { false; }\nPATH=/nowhere\nrefuse_what_only_root_can_install`;
  const env = { CUTOVER_DOCKER_SOCKET: '/nowhere/docker.sock' };
  const { code, output } = await run('/bin/bash', ['-c', script], env);
  assert.equal(code, 1, output);
  for (const missing of ['nodejs', 'npm', 'docker.io', 'haproxy', 'nginx-light', 'git', 'ca-certificates'])
    assert.match(output, new RegExp(`^failed: missing: .*${missing}.*access to Docker Engine at /nowhere`, 'm'));
  assert.match(output, /^to do: {2}sudo apt-get install .*nodejs npm docker\.io.*; sudo systemctl start docker/m);
});
