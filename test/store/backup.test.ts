import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { sql, type Kysely } from 'kysely';
import { dumpDatabase, type DatabaseDump } from '../../src/store/backup/dump-database.ts';
import { loadDatabase } from '../../src/store/backup/load-database.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate, migrations, type Migration } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/schema.ts';
import { until } from '../harness/haproxy.ts';
import { startTestPostgres, type TestPostgres } from '../harness/postgres.ts';

type Db = Kysely<Database>;

/** A database of its own on the cluster, without any table. */
async function emptyDatabase({ address }: TestPostgres, name: string) {
  await using server = openDatabase({ ...address, poolSize: 1 });
  await sql`create database ${sql.id(name)}`.execute(server.db);
  return openDatabase({ ...address, database: name, poolSize: 3 });
}

async function tablesOf(db: Db): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  return rows.map(({ name }) => name);
}

/** Every row of every table as PostgreSQL writes it, for a comparison that knows nothing of how a backup reads. */
async function everything(db: Db): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of await tablesOf(db)) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(table)} t order by 1`.execute(
      db,
    );
    found[table] = rows.map(({ row }) => row);
  }
  return found;
}

const ids = ['a', 'b', 'c', 'd', 'e'].map((digit) => `00000000-0000-7000-8000-00000000000${digit}`);
const [project = '', environment = '', first = '', second = '', token = ''] = ids;

/** A row in every table, with what is hard to write: quotes, newlines, non-ASCII, null as SQL and as JSON, microseconds, arrays in JSON. */
async function fill(db: Db): Promise<void> {
  await sql`insert into token (id, name, role, secret_hash, created_at)
    values (${token}, ${'it\'s "mine"\\ 1\n2\t3 – ü€😀'}, 'owner', 'hash', '2026-01-01T00:00:00.123456Z')`.execute(db);
  await sql`insert into project (id, name, repository, build) values (${project}, 'shop', 'https://example.com/shop.git', 'null')`.execute(
    db,
  );
  await sql`insert into environment (id, project_id, name, settings, fence, current_deployment_id)
    values (${environment}, ${project}, 'production', '{"a": [1, "two", null], "b": "\\u00e9\\n"}', 9007199254740993, ${first})`.execute(
    db,
  );
  await sql`insert into host (host, environment_id, position) values ('shop.localhost', ${environment}, 0)`.execute(db);
  await sql`insert into variable (id, project_id, name, sealed, secret) values (${token}, ${project}, 'A', 'v1.k0001.x', true)`.execute(
    db,
  );
  await sql`insert into repository_credential (project_id, id, kind, host, sealed, fingerprint, set_by)
    values (${project}, ${token}, 'token', 'https://example.com', 'v1.k0001.y', '0123abcd', 'ann')`.execute(db);
  await sql`insert into preview (id, project_id, repository, subject_key, subject, name, branch, from_fork)
    values (${token}, ${project}, 'https://example.com', 'branch:x', '{"kind": "branch", "branch": "x"}', 'x', 'x', false)`.execute(
    db,
  );
  await sql`insert into provider_access (project_id, id, kind, api_url, repository, sealed, fingerprint, set_by)
    values (${project}, ${token}, 'github', 'https://api.example.com', 'a/b', 'v1.k0001.z', '0123abcd', 'ann')`.execute(
    db,
  );
  await sql`insert into provider_message (id, project_id, topic, message) values (${token}, ${project}, 'comment:1', '{}')`.execute(
    db,
  );
  await sql`insert into preview_setting (project_id, value) values (${project}, '{"limit": 5}')`.execute(db);
  for (const [index, id] of [first, second].entries()) {
    await sql`insert into deployment (id, project_id, environment_id, number, kind, state, source, trigger, configuration,
        sealed_variables, branch, production, artifact, wanted_verdict)
      values (${id}, ${project}, ${environment}, ${index + 1}, 'git', 'completed', ${`{"commit": {"sha": "${'a'.repeat(40)}"}}`}, '{}',
        '{"settings": {"volumes": [{"name": "data"}]}}', 'sealed', 'main', true,
        ${`{"type": "image", "imageId": "sha256:${'0'.repeat(64)}", "sizeBytes": 1, "exposedPorts": []}`}, null)`.execute(
      db,
    );
  }
  await sql`insert into github_app (id, app_id, slug, api_url, sealed, fingerprint, set_by)
    values (${token}, '4711', 'cutover', 'https://api.example.com', 'v1.k0001.a', '0123abcd', 'ann')`.execute(db);
  await sql`insert into deployment_report (deployment_id, reported, settled) values (${first}, 'completed|x', false)`.execute(
    db,
  );
  await sql`insert into job (deployment_id, type, position, depends_on, required, status) values (${first}, 'BuildImageJob', 0, '[]', true, 'success')`.execute(
    db,
  );
  await sql`insert into step (deployment_id, name, epoch, status) values (${first}, 'build', 1, 'done')`.execute(db);
  for (const at of ['2026-01-01', '2026-01-02'])
    await sql`insert into timeline (deployment_id, project_id, at, entry) values (${first}, ${project}, ${at}, '{}')`.execute(
      db,
    );
  await sql`insert into instance (id, deployment_id, process, ordinal, phase, port) values (${token}, ${first}, 'web', 1, 'serving', 3000)`.execute(
    db,
  );
  await sql`insert into slot (number, deployment_id) values (7, ${first})`.execute(db);
  await sql`insert into route (environment_id, fence, stable, share) values (${environment}, 1, 7, 0)`.execute(db);
  await sql`insert into artifact (image_key, artifact, base_images, project_id, app_config) values ('key', '{}', '{}', ${project}, '{}')`.execute(
    db,
  );
  await sql`insert into observation (deployment_id, environment_id, standby_id) values (${second}, ${environment}, ${first})`.execute(
    db,
  );
  await sql`insert into idempotency (key, token_id, request_hash, deployment_id) values ('key', ${token}, 'hash', ${first})`.execute(
    db,
  );
  await fillWebhooks(db);
  await sql`insert into push (id, push_id, project_id, branch, commit, pushed_by, results) values (${token}, ${token}, ${project}, 'main', ${'a'.repeat(40)}, 'ada', '[]')`.execute(
    db,
  );
  await sql`insert into registry_credential (project_id, host, id, username, sealed, fingerprint, set_by)
    values (${project}, 'registry.example.com', ${token}, 'ann', 'v1.k0001.z', '0123abcd', 'ann')`.execute(db);
  await sql`insert into platform_setting (name, value) values ('retention', '{"logDays": 5}')`.execute(db);
}

async function fillWebhooks(db: Db): Promise<void> {
  await sql`insert into webhook (id, project_id, sealed_id, sealed) values ('hook', ${project}, ${token}, 'v1.k0001.z')`.execute(
    db,
  );
  await sql`insert into webhook_delivery (id, webhook_id, provider, name, state, verified, delivery_key, queue, reading)
    values (${token}, 'hook', 'github', 'push', 'processed', true, 'id 1', 'example.com/shop', '{"events": []}')`.execute(
    db,
  );
  await sql`insert into webhook_match (project_id, sequence, outcomes) select ${project}, sequence, '[]' from webhook_delivery`.execute(
    db,
  );
  await sql`insert into webhook_head (line, webhook_id, commit, past) values ('line', 'hook', ${'a'.repeat(40)}, '[]')`.execute(
    db,
  );
  await sql`insert into webhook_seen (webhook_id, known_by, seen_at) values ('hook', 'id 0', now())`.execute(db);
}

interface Kept {
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly lines: readonly string[];
  }[];
  readonly migrations: readonly string[];
  readonly sequences: Awaited<ReturnType<DatabaseDump['sequences']>>;
}

async function keep(db: Db): Promise<Kept> {
  await using dump = await dumpDatabase(db);
  const tables = [];
  for (const table of dump.tables) {
    const written = await text(dump.rows(table));
    tables.push({
      name: table.name,
      columns: table.columns.map(({ name }) => name),
      lines: written.split('\n').slice(0, -1),
    });
  }
  return { tables, migrations: dump.migrations, sequences: await dump.sequences() };
}

async function* each(lines: readonly string[]) {
  yield* lines;
}

async function bringBack(db: Db, { tables, migrations: applied, sequences }: Kept): Promise<void> {
  await using load = await loadDatabase(db, applied);
  for (const { name, columns, lines } of tables)
    assert.equal(await load.load(name, columns, each(lines)), lines.length);
  await load.finish(sequences);
}

test('every table of the schema is in a backup, with every row as it was, and numbering goes on where it was', async () => {
  await using postgres = await startTestPostgres();
  await using database = await postgres.open();
  const { db } = database;
  await fill(db);
  const before = await everything(db);
  for (const [table, rows] of Object.entries(before))
    assert.ok(rows.length > 0, `${table} has no row: give it one above`);

  const kept = await keep(db);
  assert.deepEqual(
    kept.tables.map(({ name }) => name),
    await tablesOf(db),
  );
  await using copy = await emptyDatabase(postgres, 'copy');
  await bringBack(copy.db, kept);

  assert.deepEqual(await everything(copy.db), before);
  assert.deepEqual(await migrate(copy.db), [], 'it is as far as it was');
  const insert = sql<{
    id: number;
  }>`insert into timeline (deployment_id, project_id, entry) values (${first}, ${project}, '{}') returning id`;
  assert.deepEqual(
    (await insert.execute(copy.db)).rows,
    (await insert.execute(db)).rows,
    'the next number is the same',
  );
  await assert.rejects(
    sql`insert into host (host, environment_id, position) values ('x', ${token}, 0)`.execute(copy.db),
    /foreign key/,
    'the constraints are back',
  );
});

test('a table that a later version adds is in the backup without anybody naming it', async () => {
  await using postgres = await startTestPostgres();
  await using database = await postgres.open();
  await sql`create table later (id bigint generated always as identity primary key, at interval, tags text[], twice int generated always as (2) stored)`.execute(
    database.db,
  );
  await sql`insert into later (at, tags) values ('1 day 2 hours', array['a,b', null, '"']) `.execute(database.db);
  const later = (await keep(database.db)).tables.find(({ name }) => name === 'later');
  assert.deepEqual(later, {
    name: 'later',
    columns: ['id', 'at', 'tags'],
    lines: ['["1","P1DT2H","{\\"a,b\\",NULL,\\"\\\\\\"\\"}"]'],
  });
});

test('a backup is of one moment, whatever is written meanwhile', async () => {
  await using postgres = await startTestPostgres();
  await using database = await postgres.open();
  await fill(database.db);
  await using dump = await dumpDatabase(database.db);
  await sql`delete from project`.execute(database.db);
  const deployments = dump.tables.find(({ name }) => name === 'deployment');
  assert.ok(deployments);
  const written = await text(dump.rows(deployments));
  assert.equal(written.trim().split('\n').length, 2);
  const [use] = dump.artifactUses;
  const { project: name, number, commit, serves, volumes } = use ?? assert.fail('no use');
  assert.deepEqual([name, number, commit, serves, volumes], ['shop', 1, 'a'.repeat(40), true, ['data']]);
});

test('a database is restored all or not at all', async () => {
  await using postgres = await startTestPostgres();
  await using database = await postgres.open();
  await fill(database.db);
  const kept = await keep(database.db);
  await using copy = await emptyDatabase(postgres, 'copy');
  const damaged = {
    ...kept,
    tables: kept.tables.map((table) => (table.name === 'project' ? { ...table, lines: [] } : table)),
  };
  await assert.rejects(bringBack(copy.db, damaged), /foreign key/);
  assert.deepEqual(await tablesOf(copy.db), []);
  await bringBack(copy.db, kept);
  await assert.rejects(bringBack(copy.db, kept), { code: 'restore_not_empty' });
});

test('a backup of an older version is restored as it was and then brought up to date', async () => {
  await using postgres = await startTestPostgres();
  await using old = await emptyDatabase(postgres, 'old');
  await migrate(old.db, migrations.slice(0, 1));
  await sql`insert into project (id, name, repository, build) values (${project}, 'shop', 'https://example.com/shop.git', '{}')`.execute(
    old.db,
  );
  const kept = await keep(old.db);
  assert.deepEqual(kept.migrations, ['0001-initial']);
  await using copy = await emptyDatabase(postgres, 'copy');
  await bringBack(copy.db, kept);
  assert.deepEqual(
    await migrate(copy.db),
    migrations.slice(1).map(({ name }) => name),
  );
  assert.equal((await copy.db.selectFrom('project').select('name').executeTakeFirst())?.name, 'shop');
});

test('a backup of a newer version is refused', async () => {
  await using postgres = await startTestPostgres();
  await using copy = await emptyDatabase(postgres, 'copy');
  await assert.rejects(
    loadDatabase(copy.db, ['0001-initial', '9999-later']),
    /newer version of Cutover \(9999-later\)/,
  );
  assert.deepEqual(await tablesOf(copy.db), []);
});

/** Two more, of which the second waits in the middle until somebody ends its connection. */
function additional(reached: () => void, isToWait: () => boolean): readonly Migration[] {
  return [
    { name: '9001-one', up: async (db) => void (await sql`create table one (id int)`.execute(db)) },
    {
      name: '9002-two',
      async up(db) {
        await sql`create table two (id int)`.execute(db);
        reached();
        if (isToWait()) await sql`select pg_sleep(60)`.execute(db);
      },
    },
    {
      name: '9003-three',
      up: async (db) =>
        void (await sql`insert into two (id) select 1 from one right join (values (1)) v on true`.execute(db)),
    },
  ];
}

test('migrations that were cut off in the middle of one are resumed with that one, and none is done twice', async () => {
  await using postgres = await startTestPostgres();
  await using database = openDatabase({ ...postgres.address, poolSize: 2, statementTimeoutMs: 120_000 });
  const reached = Promise.withResolvers<void>();
  let waits = true;
  const all = [...migrations, ...additional(reached.resolve, () => waits)];
  const cut = assert.rejects(migrate(database.db, all));
  await reached.promise;
  await using killer = openDatabase({ ...postgres.address, poolSize: 1 });
  await until('the migration to wait', async () => {
    const { rows: ended } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`.execute(killer.db);
    return ended.length > 0;
  });
  await cut;
  const between = await tablesOf(killer.db);
  assert.deepEqual([between.includes('one'), between.includes('two')], [true, false], 'whole migrations only');
  waits = false;
  assert.deepEqual(await migrate(killer.db, all), ['9002-two', '9003-three']);
  const { rows } = await sql<{ id: number }>`select id from two`.execute(killer.db);
  assert.deepEqual(rows, [{ id: 1 }]);
  assert.deepEqual(await migrate(killer.db, all), []);
});
