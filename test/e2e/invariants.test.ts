import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { Pool } from 'pg';
import type { InvariantReport } from '../../src/contract/schemas/invariants.ts';
import { superuser } from '../../src/drivers/database/embedded/initialise.ts';
import { baseImage } from '../harness/images.ts';
import { answering } from './apps.ts';
import { Stage } from './stage.ts';
import { containersOf } from './world.ts';

/** The invariants on a platform that runs: all hold, and what is broken from outside is seen, told, and seen to be well again. */
let stage: Stage;
let pool: Pool;
let deploymentId: string;
const secret = 'correct-horse-battery';

before(async () => {
  stage = await Stage.open();
  pool = new Pool({ host: join(stage.platform.dataDir, 'postgres', 'run'), user: superuser, database: 'postgres' });
  await stage.project('app', answering('one'), { replicas: 2 });
  await stage.must('PUT', '/api/projects/app/variables', {
    variables: [{ name: 'TOKEN', value: secret, secret: true }],
  });
  const { deployment } = await stage.deploy('app');
  assert.equal(deployment.state, 'completed');
  deploymentId = deployment.id;
});
after(async () => {
  await pool.end();
  await stage[Symbol.asyncDispose]();
});

const docker = new Docker();
const program = fileURLToPath(new URL('../../bin/cutover', import.meta.url));

async function cutover(...args: string[]): Promise<{ readonly code: number; readonly out: string }> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
    env: {
      PATH: process.env['PATH'],
      CUTOVER_CONFIG_DIR: join(stage.platform.dataDir, 'no-login'),
      CUTOVER_URL: stage.platform.apiUrl,
      CUTOVER_TOKEN: stage.platform.token,
    },
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  const [out, code] = await Promise.all([text(child.stdout), ended]);
  return { code, out };
}

const look = () => stage.must<InvariantReport>('GET', '/api/invariants');
const seenIn = (sightings: InvariantReport['violations']) => sightings.map(({ code, subject }) => `${code} ${subject}`);

async function metrics(): Promise<string> {
  const answer = await fetch(`${stage.platform.apiUrl}/api/metrics`, {
    headers: { authorization: `Bearer ${stage.platform.token}` },
  });
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return answer.text();
}

async function violationsInMetrics(): Promise<Record<string, number>> {
  const samples = (await metrics()).matchAll(/^cutover_invariant_violations\{code="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...samples].map(([, code, count]) => [code, Number(count)]));
}

test('on a platform that serves every invariant holds, and `doctor --invariants` exits 0', async () => {
  const { code, out } = await cutover('doctor', '--invariants');
  assert.deepEqual({ code, out }, { code: 0, out: '✓ every invariant holds\n' });
  const { violations, suspicions } = await look();
  assert.deepEqual([violations, suspicions], [[], []]);
  assert.match(await metrics(), /^cutover_deployments\{state="completed"\} 1$/m);
  assert.deepEqual(new Set(Object.values(await violationsInMetrics())), new Set([0]));
});

test('a container of no deployment is seen at once, and gone before it is a violation', async () => {
  const stray = await docker.createContainer({
    Image: await baseImage('static'),
    // It does not end by being asked to.
    Cmd: ['sh', '-c', "trap '' TERM; while :; do sleep 1; done"],
    Labels: {
      'cutover.platform': stage.platform.platformId,
      'cutover.instance': randomUUID(),
      'cutover.deployment': randomUUID(),
    },
  });
  await stray.start();
  const expected = `orphan container ${stray.id.slice(0, 12)}`;
  await stage.until('the stray to be seen', async () => seenIn((await look()).suspicions).includes(expected) || null);
  await stage.until('the stray to be collected', async () => {
    const found = await containersOf(stage.platform);
    return found.every(({ Id }) => Id !== stray.id) || null;
  });
  const { violations, suspicions } = await look();
  assert.deepEqual([violations, suspicions], [[], []]);
});

test('what lasts is a violation: in the report, the metric, the log and the timeline, until it is over', async () => {
  const [network] = await Promise.all([
    docker.createNetwork({
      Name: `${stage.platform.platformId}-gone`,
      IPAM: { Driver: 'default', Config: [{ Subnet: '10.215.77.0/28' }] },
      Labels: { 'cutover.platform': stage.platform.platformId, 'cutover.project': 'gone' },
    }),
    pool.query('update route set stable = 77'),
    pool.query(
      `update timeline set entry = entry || '{"kind": "gate.forgotten"}' where entry ->> 'kind' = 'gate.passed'`,
    ),
    pool.query(`insert into step (deployment_id, name, epoch, status, error) values ($1, 'made up', 1, 'failed', $2)`, [
      deploymentId,
      `cannot log in with ${Buffer.from(secret).toString('base64')}`,
    ]),
  ]);
  // Somebody else's container is in it: until that is gone nobody can remove it.
  const guest = await docker.createContainer({
    Image: await baseImage('static'),
    Cmd: ['sleep', '300'],
    HostConfig: { NetworkMode: network.id, AutoRemove: true },
    Labels: { 'cutover.platform': 'test-guest' },
  });
  await guest.start();
  const wanted = [
    'orphan network of gone',
    'route_to_nothing host app.localhost',
    'secret_exposed journal of app #1',
    ...(await instancesOf('app')).map((id) => `not_healthy_when_promoted instance ${id}`),
  ];
  await untilViolated(wanted);
  const { code, out } = await cutover('doctor', '--invariants');
  assert.equal(code, 1);
  assert.match(out, /✗ route_to_nothing: host app\.localhost: .*slot 77.*\n {4}Look at/);
  assert.match(out, /✗ secret_exposed: journal of app #1: it shows TOKEN of app #1/);
  assert.ok(!out.includes(secret));
  assert.deepEqual(await violationsInMetrics(), {
    several_current: 0,
    not_healthy_when_promoted: 2,
    route_to_nothing: 1,
    orphan: 1,
    final_state_changed: 0,
    outcome_not_one: 0,
    deployment_stuck: 0,
    secret_exposed: 1,
  });
  const log = await readFile(join(stage.platform.dataDir, 'control-plane.log'), 'utf8');
  assert.match(log, /"code":"orphan","subject":"network of gone",.*an invariant is violated/);
  const alerts = (await stage.timeline('app', 1)).filter(({ event }) => event.kind === 'alert');
  assert.match(JSON.stringify(alerts), /invariant route_to_nothing: host app\.localhost/);

  await guest.remove({ force: true });
  await pool.query(
    `update timeline set entry = entry || '{"kind": "gate.passed"}' where entry ->> 'kind' = 'gate.forgotten'`,
  );
  await pool.query(`delete from step where name = 'made up'`);
  await pool.query('update route set stable = (select number from slot)');
  await stage.until('everything to be well', async () => {
    const { violations, suspicions } = await look();
    if (violations.length + suspicions.length === 0) return true;
    await sleep(1_000);
    return null;
  });
  assert.deepEqual(new Set(Object.values(await violationsInMetrics())), new Set([0]));
  assert.equal((await stage.visit('app.localhost')).body, 'one');
});

async function instancesOf(project: string): Promise<readonly string[]> {
  return (await stage.detail(project, 1)).instances.map(({ id }) => id);
}

async function untilViolated(wanted: readonly string[]): Promise<void> {
  let last: InvariantReport | null = null;
  const all = async () => {
    last = await look();
    if (wanted.every((one) => seenIn(last?.violations ?? []).includes(one))) return true;
    await sleep(2_000);
    return null;
  };
  await stage.until('violations', all, 110_000).catch((error: unknown) => {
    throw new Error(`not all of ${wanted.join(', ')} in ${JSON.stringify(last)}`, { cause: error });
  });
  // What is wrong at once is told when it is seen again.
  await look();
}
