import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { openDatabase, type OpenDatabase } from '../../src/store/database.ts';
import { unread } from '../../src/store/database-guard.ts';
import { migrate, migrations } from '../../src/store/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../harness/postgres.ts';
import { refusal } from './test-configuration.ts';

describe('the database', () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startTestPostgres();
  });
  after(() => postgres[Symbol.asyncDispose]());

  const open = (options = {}) => openDatabase({ ...postgres.address, poolSize: 5, ...options });

  test('migrations are applied once, by whoever comes first', async () => {
    await using first = open();
    await using second = open();
    const applied = await Promise.all([migrate(first.db), migrate(second.db), migrate(first.db)]);
    const names = migrations.map(({ name }) => name);
    assert.deepEqual(names, names.toSorted());
    assert.deepEqual(applied.flat().toSorted(), names);
    assert.deepEqual(await migrate(second.db), []);
    const { rows } = await sql<{ name: string }>`select name from migration`.execute(first.db);
    assert.deepEqual(
      rows.map(({ name }) => name),
      names,
    );
  });

  test('a schema of a newer version is refused and left alone', async () => {
    await using database = open();
    await sql`insert into migration (name) values ('9999-from-the-future')`.execute(database.db);
    await assert.rejects(migrate(database.db), refusal('database_unavailable', /9999-from-the-future/));
    await sql`delete from migration where name = '9999-from-the-future'`.execute(database.db);
  });

  test('bigint is read as a number, and one that does not fit is an error', async () => {
    await using database = open();
    const { rows } = await sql<{ n: number }>`select 9007199254740991::bigint as n`.execute(database.db);
    assert.deepEqual(rows, [{ n: Number.MAX_SAFE_INTEGER }]);
    await assert.rejects(sql`select 9007199254740992::bigint`.execute(database.db), RangeError);
  });

  test('a time is read as ISO 8601 in UTC with milliseconds', async () => {
    await using database = open();
    const { rows } = await sql<{ at: string }>`select '2026-01-02 03:04:05.678+02'::timestamptz as at`.execute(
      database.db,
    );
    assert.deepEqual(rows, [{ at: '2026-01-02T01:04:05.678Z' }]);
  });

  test('a statement that takes too long is ended, and the connection is usable or replaced', async () => {
    await using database = open({ statementTimeoutMs: 100, poolSize: 1 });
    await assert.rejects(sql`select pg_sleep(5)`.execute(database.db), refusal('database_unavailable', /timeout/));
    await sql`select 1`.execute(database.db);
  });

  test('nobody there, or a pool with nothing free, is database_unavailable', async () => {
    await using nowhere = openDatabase({ host: postgres.directory, user: 'x', database: 'x', poolSize: 1 });
    await assert.rejects(sql`select 1`.execute(nowhere.db), refusal('database_unavailable'));
    await using refused = openDatabase({ connectionString: 'postgres://x:x@127.0.0.1:1/x', poolSize: 1 });
    await assert.rejects(sql`select 1`.execute(refused.db), refusal('database_unavailable'));
    await using busy = open({ poolSize: 1, connectTimeoutMs: 200 });
    await busy.db.transaction().execute(async () => {
      await assert.rejects(sql`select 1`.execute(busy.db), refusal('database_unavailable'));
    });
  });

  test('an error of the statement is told as it is', async () => {
    await using database = open();
    await assert.rejects(sql`select * from nothing`.execute(database.db), { code: '42P01' });
  });

  test('a PostgreSQL that is killed under running, waiting and idle connections ends no process and is found again', async () => {
    const told: Error[] = [];
    await using database = open({ onUnavailable: (error: Error) => told.push(error) });
    const { db } = database;
    await Promise.all([1, 2, 3, 4].map(() => sql`select pg_sleep(0.05)`.execute(db)));
    const running = assert.rejects(sql`select pg_sleep(20)`.execute(db), refusal('database_unavailable'));
    const holding = db.transaction().execute(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await killServer();
      // Held between two statements while its connection ends.
      while (told.length === 0) await sleep(5);
      await assert.rejects(sql`select 1`.execute(transaction), refusal('database_unavailable'));
      throw new Error('the work stops here');
    });
    await assert.rejects(holding);
    await running;
    await postgres.cluster.ensureRunning();
    await sql`select 1`.execute(db);
  });

  test('a frozen PostgreSQL is database_unavailable, too', async () => {
    const pid = await postgres.cluster.pid();
    assert.ok(pid !== null);
    await using database = open({ poolSize: 1, statementTimeoutMs: 50 });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(database.db);
    const backend = rows[0]?.pid ?? 0;
    process.kill(backend, 'SIGSTOP');
    try {
      await assert.rejects(sql`select 1`.execute(database.db), refusal('database_unavailable'));
    } finally {
      process.kill(backend, 'SIGCONT');
    }
    await sql`select 1`.execute(database.db);
  });

  test('what is sent without a wait goes to the server with what comes next, and alone where nothing does', async () => {
    await using database = open({ poolSize: 1 });
    await sql`select 1`.execute(database.db);
    using writes = await countWrites(database);
    const value = await database.db.transaction().execute(async (tx) => {
      await sql`${sql.raw(unread)} create temporary table t on commit drop as select 6 as n`.execute(tx);
      const { rows } = await sql<{ n: number }>`update t set n = n + 1 returning n`.execute(tx);
      await sql`${sql.raw(unread)} delete from t`.execute(tx);
      return rows[0]?.n;
    });
    assert.deepEqual([value, writes.count], [7, 2]);
    const alone = database.db.transaction().execute(async () => {
      while (writes.count < 3) await sleep(1);
    });
    await alone;
    assert.equal(writes.count, 4);
  });

  test('a row with jsonb arrays comes back as it was', async () => {
    await using database = await postgres.open();
    const id = randomUUID();
    const { rows } = await sql<{ value: unknown }>`select ${JSON.stringify([id, { a: [] }])}::jsonb as value`.execute(
      database.db,
    );
    assert.deepEqual(rows, [{ value: [id, { a: [] }] }]);
  });

  async function killServer(): Promise<void> {
    const pid = await postgres.cluster.pid();
    assert.ok(pid !== null);
    process.kill(pid, 'SIGKILL');
    // Its children end when they notice.
    while ((await postgres.cluster.pid()) !== null) await sleep(5);
  }
});

/** How often something is written to the server, on the one connection of the pool. */
async function countWrites({ pool }: OpenDatabase): Promise<Disposable & { readonly count: number }> {
  const client = await pool.connect();
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  client.release();
  const writes = { count: 0 };
  // Those of the class come to light again when these are gone.
  const counting = {
    _write: (...args: Parameters<Socket['_write']>) => {
      writes.count += 1;
      Socket.prototype._write.apply(stream, args);
    },
    _writev: (...args: Parameters<NonNullable<Socket['_writev']>>) => {
      writes.count += 1;
      Socket.prototype._writev?.apply(stream, args);
    },
  };
  Object.assign(stream, counting);
  return {
    get count() {
      return writes.count;
    },
    [Symbol.dispose]: () => {
      for (const name of Object.keys(counting)) Reflect.deleteProperty(stream, name);
    },
  };
}
