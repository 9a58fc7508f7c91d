import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type { Pool } from 'pg';
import { emptyAppConfig } from '../../src/domain/app-config.ts';
import { defaultBuildSettings } from '../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../src/domain/environment-settings.ts';
import { nothingMeasured } from '../../src/domain/measurements.ts';
import { stableOnly } from '../../src/domain/route.ts';
import { createDeploymentQueries } from '../../src/store/deployment-queries.ts';
import { createDeploymentStore } from '../../src/store/deployments.ts';
import { openDatabase } from '../../src/store/database.ts';
import { environmentStore } from '../../src/store/environments.ts';
import { migrate, migrations } from '../../src/store/migrate.ts';
import * as initial from '../../src/store/migrations/0001-initial.ts';
import { WakeupSession } from '../../src/store/wakeups.ts';
import { startTestPostgres } from '../harness/postgres.ts';

/** As the first version wrote them. */
const oldSettings = {
  branch: 'main',
  autoDeploy: true,
  replicas: 2,
  cpuCores: 1,
  memoryMb: 512,
  port: null,
  strategy: 'blue-green',
  drainTimeoutMs: 30_000,
  stopGraceMs: 10_000,
  health: { ...defaultEnvironmentSettings.health, path: '/up' },
};
const newSettings = { ...defaultEnvironmentSettings, ...oldSettings };

const [project, environment] = [randomUUID(), randomUUID()];

/** For tables as they are not any more. */
function untyped(pool: Pool): Kysely<unknown> {
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

async function oldSchema(db: Kysely<unknown>): Promise<void> {
  await initial.up(db);
  await sql`create table migration (name text primary key, applied_at timestamptz not null default now())`.execute(db);
  await sql`insert into migration (name) values ('0001-initial')`.execute(db);
  await sql`insert into project (id, name, repository, build, last_number)
    values (${project}, 'shop', 'https://example.com/shop.git', '{}', 3)`.execute(db);
  await sql`insert into environment (id, project_id, name, settings, fence)
    values (${environment}, ${project}, 'production', ${JSON.stringify(oldSettings)}, 3)`.execute(db);
  await sql`insert into artifact (image_key, artifact, base_images, project_id)
    values ('key', '{}', '{}', ${project})`.execute(db);
  await sql`insert into route (environment_id, fence, stable, candidate, share)
    values (${environment}, 2, 7, null, 0)`.execute(db);
}

/** With the states it went through. */
async function oldDeployment(db: Kysely<unknown>, number: number, states: readonly string[]): Promise<string> {
  const id = randomUUID();
  const configuration = { build: {}, settings: oldSettings, hosts: ['shop.localhost'] };
  const finished = states.at(-1) === 'running' ? null : '2026-01-01T00:00:00Z';
  await sql`insert into deployment (id, project_id, environment_id, number, kind, state, source, trigger, configuration,
      sealed_variables, branch, production, fence, finished_at)
    values (${id}, ${project}, ${environment}, ${number}, 'git', ${states.at(-1)}, '{}', '{}',
      ${JSON.stringify(configuration)}, '', 'main', true, ${number}, ${finished})`.execute(db);
  for (const [index, to] of states.entries()) {
    await sql`insert into timeline (deployment_id, project_id, at, entry)
      values (${id}, ${project}, ${`2026-01-0${index + 1}T00:00:00Z`}, ${JSON.stringify({ kind: 'state.changed', to })})`.execute(
      db,
    );
  }
  await sql`insert into instance (id, deployment_id, process, ordinal, phase, port)
    values (${randomUUID()}, ${id}, 'web', 1, 'serving', 3000)`.execute(db);
  return id;
}

test('a database of the first version is brought up to date with everything that is in it', async () => {
  await using postgres = await startTestPostgres();
  await using database = openDatabase({ ...postgres.address, poolSize: 3 });
  const { db } = database;
  const raw = untyped(database.pool);
  await oldSchema(raw);
  const stopped = await oldDeployment(raw, 1, ['running', 'completed', 'stopped']);
  const serving = await oldDeployment(raw, 2, ['running', 'completed']);
  const deleted = await oldDeployment(raw, 3, ['running', 'stopped']);
  const running = await oldDeployment(raw, 4, ['running']);
  await sql`update environment set current_deployment_id = ${serving}`.execute(raw);

  const later = migrations.slice(1).map(({ name }) => name);
  assert.deepEqual(await migrate(db), later);

  const store = createDeploymentStore(db);
  const served = await createDeploymentQueries(db).served(environment, 10);
  assert.deepEqual(
    served.map(({ id, completedAt }) => [id, completedAt]),
    [
      [serving, '2026-01-02T00:00:00.000Z'],
      [stopped, '2026-01-02T00:00:00.000Z'],
    ],
    'what was deleted on its way never served',
  );
  assert.equal((await store.record(deleted))?.deployment.completedAt, null);
  const record = await store.record(serving);
  assert.deepEqual(record?.deployment.configuration, {
    build: defaultBuildSettings,
    settings: newSettings,
    appConfig: emptyAppConfig,
    hosts: ['shop.localhost'],
  });
  const { origin, pausedFrom, measurements } = record.deployment;
  assert.deepEqual([origin, pausedFrom, measurements], [null, null, nothingMeasured]);
  assert.deepEqual([record.serves, record.standbyId, record.instances[0]?.crashedAt], [true, null, null]);
  assert.deepEqual((await store.route(environment))?.target, stableOnly(7));
  assert.equal(await store.findArtifact('key'), null, 'what a repository says of itself is read anew');
  const production = await environmentStore(db).find(project, 'production');
  assert.deepEqual([production?.settings, production?.autoDeployHeld], [newSettings, null]);
  await using session = new WakeupSession({
    connection: postgres.address,
    owner: 1,
    onWakeup: () => {},
    onLost: () => {},
  });
  await session.open();
  assert.equal((await store.claim({ owner: 1, leaseMs: 1_000, leading: [] }))?.deploymentId, running);
});

test('a change of settings that were written by the first version keeps what they say', async () => {
  await using postgres = await startTestPostgres();
  await using database = openDatabase({ ...postgres.address, poolSize: 3 });
  await oldSchema(untyped(database.pool));
  await migrate(database.db);
  const environments = environmentStore(database.db);
  const changed = await environments.updateSettings(project, 'production', (current) => ({ ...current, replicas: 5 }));
  assert.deepEqual(changed?.settings, { ...newSettings, replicas: 5 });
});
