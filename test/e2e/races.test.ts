import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { Pool } from 'pg';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { superuser } from '../../src/drivers/database/embedded/initialise.ts';
import type { TestRepository } from '../harness/git-server.ts';
import { assertCalm, assertServesCurrent, failuresOf, tellingNumber } from './soundness.ts';
import { Stage } from './stage.ts';
import { startVisitors, type Visitors } from './visitors.ts';
import { containersOf, routerState } from './world.ts';

/** Two things at the same moment, or so much apart: each is answered once and ends once, and no visitor sees which was first. */
const offsetsMs = [0, 5, 60, 600];
const docker = new Docker();
let stage: Stage;
let pool: Pool;

before(async () => {
  stage = await Stage.open();
  pool = new Pool({ host: join(stage.platform.dataDir, 'postgres', 'run'), user: superuser, database: 'postgres' });
});
after(async () => {
  await pool.end();
  await stage[Symbol.asyncDispose]();
});

interface Asked {
  readonly status: number;
  readonly number: number;
  readonly code: string | undefined;
}

async function ask(path: string, body: object, key: string = randomUUID()): Promise<Asked> {
  const answer = await stage.call<WireDeployment & { code?: string }>('POST', path, body, { 'idempotency-key': key });
  return { status: answer.status, number: answer.body.number, code: answer.body.code };
}

const push = (project: string, key?: string) =>
  ask(`/api/projects/${project}/trigger-pipeline`, { environment: 'production' }, key);
const rollBack = (project: string, to: number, key?: string) =>
  ask(`/api/projects/${project}/environments/production/rollback`, { to }, key);

async function remove(path: string): Promise<Asked> {
  const { status } = await stage.call('DELETE', path);
  return { status, number: 0, code: undefined };
}

/** Both, the second so much after the first. */
async function race(first: () => Promise<Asked>, second: () => Promise<Asked>, offsetMs: number): Promise<Asked[]> {
  const later = sleep(offsetMs).then(second);
  return Promise.all([first(), later]);
}

/** A project of its own with two good versions, and visitors who come until disposed. */
async function prepare(name: string, listenAfterMs = 0): Promise<{ repository: TestRepository; visitors: Visitors }> {
  const repository = await stage.project(name, tellingNumber('one'), { drainTimeoutMs: 1_000, stopGraceMs: 500 });
  await stage.deploy(name);
  await repository.commit(tellingNumber('two', listenAfterMs));
  await stage.deploy(name);
  return { repository, visitors: startVisitors(stage, `${name}.localhost`, 10) };
}

/** Every deployment of the project has ended, once; the numbers that were answered are all there are above `before`. */
async function assertOneOutcomeEach(project: string, asked: readonly Asked[], earlier: number): Promise<void> {
  const accepted = [...new Set(asked.filter(({ status }) => status < 300).map(({ number }) => number))];
  for (const number of accepted) await stage.settle(project, number);
  const { rows } = await pool.query<{ number: number; outcomes: string[] | null }>(
    `select d.number, (select array_agg(t.entry ->> 'to' order by t.id) from timeline t where t.deployment_id = d.id
        and t.entry ->> 'kind' = 'state.changed' and t.entry ->> 'to' in ('completed', 'failed', 'cancelled')) as outcomes
      from deployment d join project p on p.id = d.project_id where p.name = $1 and d.number > $2 order by 1`,
    [project, earlier],
  );
  assert.deepEqual(
    rows.map(({ number }) => number),
    accepted.toSorted((a, b) => a - b),
    'there are as many deployments as were accepted',
  );
  for (const { number, outcomes } of rows) assert.equal(outcomes?.length, 1, `#${number} ended as ${outcomes?.join()}`);
}

async function newest(project: string): Promise<number> {
  const { deployments } = await stage.must<{ deployments: { number: number }[] }>(
    'GET',
    `/api/projects/${project}/deployments`,
  );
  return deployments[0]?.number ?? 0;
}

async function assertNobodyFailed(visitors: Visitors): Promise<void> {
  const visits = await visitors.stop();
  assert.ok(visits.length > 20, `only ${visits.length} visits`);
  assert.deepEqual(failuresOf(visits), []);
}

/** What the variable MARK is in each container that serves. */
async function marks(project: string): Promise<(string | undefined)[]> {
  const containers = await containersOf(stage.platform, project);
  return Promise.all(containers.map(async ({ Id }) => variableIn(Id)));
}

async function variableIn(id: string): Promise<string | undefined> {
  const { Config } = await docker.getContainer(id).inspect();
  return Config.Env.find((line) => line.startsWith('MARK='))?.slice('MARK='.length);
}

/** Its containers and its route; it is not shown any more from the moment of its deletion. */
function untilGone(project: string, environment: string, host: string): Promise<true> {
  return stage.until(`${environment} of ${project} to be gone`, async () => {
    const containers = await containersOf(stage.platform, project);
    const { routes } = await routerState(stage.platform);
    const isLeft =
      containers.some(({ Labels }) => Labels['cutover.environment'] === environment) ||
      routes.some(([name]) => name === host);
    return !isLeft && (await stage.visit(host)).status === 404 ? true : null;
  });
}

// Projects of one platform, whose deployments meet besides.
describe('races', { concurrency: true }, () => {
  test('2.4 two pushes at the same moment: each is one deployment, the same request twice is the same one, the last serves', async () => {
    const { repository, visitors } = await prepare('pushes');
    await using _visitors = visitors;
    for (const offsetMs of offsetsMs) {
      const earlier = await newest('pushes');
      await repository.commit(tellingNumber(randomUUID()));
      const keys = [randomUUID(), randomUUID()] as const;
      const asked = await race(
        () => push('pushes', keys[0]),
        () => push('pushes', keys[1]),
        offsetMs,
      );
      const again = await Promise.all(keys.flatMap((key) => [push('pushes', key), push('pushes', key)]));
      assert.deepEqual(
        again.map(({ number }) => number),
        asked.flatMap(({ number }) => [number, number]),
      );
      await assertOneOutcomeEach('pushes', asked, earlier);
      assert.equal(await assertServesCurrent(stage, 'pushes'), Math.max(...asked.map(({ number }) => number)));
    }
    await assertNobodyFailed(visitors);
  });

  test('5.7 a push and a rollback at the same moment: both end, and the one that was accepted last is what serves', async () => {
    const { repository, visitors } = await prepare('undone');
    await using _visitors = visitors;
    for (const offsetMs of offsetsMs) {
      const earlier = await newest('undone');
      await repository.commit(tellingNumber(randomUUID()));
      const asked = await race(
        () => push('undone'),
        () => rollBack('undone', 1),
        offsetMs,
      );
      assert.ok(
        asked.every(({ status }) => status < 300),
        JSON.stringify(asked),
      );
      await assertOneOutcomeEach('undone', asked, earlier);
      assert.equal(await assertServesCurrent(stage, 'undone'), Math.max(...asked.map(({ number }) => number)));
    }
    await assertNobodyFailed(visitors);
  });

  test('5.7 two rollbacks at the same moment: the one that was accepted last is what serves, and its version answers', async () => {
    const { visitors } = await prepare('backs');
    await using _visitors = visitors;
    for (const offsetMs of offsetsMs) {
      const earlier = await newest('backs');
      const asked = await race(
        () => rollBack('backs', 1),
        () => rollBack('backs', 2),
        offsetMs,
      );
      assert.ok(
        asked.some(({ status }) => status < 300),
        JSON.stringify(asked),
      );
      await assertOneOutcomeEach('backs', asked, earlier);
      await assertServesCurrent(stage, 'backs');
    }
    await assertNobodyFailed(visitors);
  });

  test('a variable that changes while a deployment runs: it keeps what it was accepted with, the next one has the new', async () => {
    const { visitors } = await prepare('changing', 300);
    await using _visitors = visitors;
    let accepted: string | undefined;
    for (const [index, offsetMs] of offsetsMs.entries()) {
      const number = await stage.trigger('changing');
      await sleep(offsetMs);
      await stage.must('PUT', '/api/projects/changing/variables', {
        variables: [{ name: 'MARK', value: String(index), secret: false }],
      });
      assert.equal((await stage.settle('changing', number)).deployment.state, 'completed');
      assert.deepEqual(await marks('changing'), [accepted]);
      assert.equal(await assertServesCurrent(stage, 'changing'), number);
      accepted = String(index);
    }
    await assertNobodyFailed(visitors);
  });

  test('an environment that is deleted while it is deployed: nothing of it is left, and its neighbour is not touched', async () => {
    const { visitors } = await prepare('kept');
    await using _visitors = visitors;
    for (const offsetMs of offsetsMs) {
      await stage.until('the name to be free', async () => {
        const { status } = await stage.call('POST', '/api/projects/kept/environments', { name: 'staging' });
        return status < 300 ? true : null;
      });
      const asked = await race(
        () => ask('/api/projects/kept/trigger-pipeline', { environment: 'staging' }),
        () => remove('/api/projects/kept/environments/staging'),
        offsetMs,
      );
      assert.ok(
        asked.every(({ status }) => status < 300 || status === 404),
        JSON.stringify(asked),
      );
      await untilGone('kept', 'staging', 'staging-kept.localhost');
      await assertServesCurrent(stage, 'kept');
    }
    await assertNobodyFailed(visitors);
  });

  test('a project that is deleted while it is deployed: nothing of it is left', async () => {
    for (const offsetMs of [0, 40, 900]) {
      const name = `gone-${offsetMs}`;
      const repository = await stage.project(name, tellingNumber('one'));
      await stage.deploy(name);
      await repository.commit(tellingNumber(randomUUID(), 300));
      const [pushed] = await race(
        () => push(name),
        () => remove(`/api/projects/${name}`),
        offsetMs,
      );
      assert.ok(pushed !== undefined && (pushed.status < 300 || pushed.status === 404), JSON.stringify(pushed));
      await untilGone(name, 'production', `${name}.localhost`);
    }
  });
});

test('after all of that every invariant holds, and nothing is left', () => assertCalm(stage));
