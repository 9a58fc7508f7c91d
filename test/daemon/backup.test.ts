import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import { createBackup } from '../../src/daemon/backup/create-backup.ts';
import { restoreBackup } from '../../src/daemon/backup/restore-backup.ts';
import { openDataDirectory } from '../../src/daemon/data-directory.ts';
import { createOperatorLog } from '../../src/daemon/operator-log.ts';
import { saveSettings } from '../../src/daemon/saved-settings.ts';
import { openSecretBox } from '../../src/drivers/secrets/secret-box.ts';
import { hashToken } from '../../src/drivers/secrets/tokens.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { tokenStore } from '../../src/store/tokens.ts';
import { emptyPlatform } from '../harness/platform.ts';
import { startTestPostgres, type TestPostgres } from '../harness/postgres.ts';

const present = { progress: () => {}, signal: AbortSignal.timeout(120_000), log: createOperatorLog('silent') };

/** A database of the operator's own. */
async function externalDatabase({ address }: TestPostgres, name: string): Promise<string> {
  await using server = openDatabase({ ...address, poolSize: 1 });
  await sql`create database ${sql.id(name)}`.execute(server.db);
  return `postgresql://${address.user}@/${name}?host=${encodeURIComponent(address.host)}`;
}

function databaseAt(connectionString: string) {
  return openDatabase({ connectionString, poolSize: 2 });
}

test("with databases of the operator's own, a platform moves from one to another with its secrets, and an address of a database never does", async () => {
  await using postgres = await startTestPostgres();
  const from = await externalDatabase(postgres, 'before');
  await using source = await emptyPlatform({ variables: { databaseUrl: from } });
  const directory = await openDataDirectory(source.config.dataDir, source.config.platformId);
  await saveSettings({ ...source.variables, baseDomain: 'example.com' }, directory.root);
  const box = await openSecretBox({ dir: directory.keys });
  await using database = databaseAt(from);
  await migrate(database.db);
  await sql`insert into project (id, name, repository, build)
    values ('00000000-0000-7000-8000-00000000000a', 'shop', 'https://example.com/shop.git', '{}')`.execute(database.db);
  await sql`create table not_ours (id int)`.execute(database.db);

  const file = join(directory.root, 'backup');
  const wishes = { file, artifacts: false, logs: false, withoutKeys: true };
  const created = await createBackup(source.config, wishes, present);
  assert.deepEqual([created.keysIncluded, created.encrypted], [false, false]);

  const to = await externalDatabase(postgres, 'after');
  await using target = await emptyPlatform({ variables: { databaseUrl: to } });
  const given = { dataDir: target.config.dataDir, databaseUrl: to };
  const restoration = { config: target.config, variables: given, options: { file, keys: directory.keys } };
  await using copy = databaseAt(to);
  await sql`create table taken (id int)`.execute(copy.db);
  await assert.rejects(restoreBackup(restoration, present), { code: 'restore_not_empty' });
  await sql`drop table taken`.execute(copy.db);
  assert.deepEqual(await readdir(target.config.dataDir), []);
  const restored = await restoreBackup(restoration, present);

  assert.equal(restored.newPlatformId, directory.id);
  assert.deepEqual((await readdir(target.config.dataDir)).toSorted(), [
    'admin-token',
    'git',
    'keys',
    'logs',
    'platform-id',
    'settings.json',
    'source',
  ]);
  const moved = await openSecretBox({ dir: join(target.config.dataDir, 'keys') });
  assert.equal(moved.open(box.seal('known', 'row'), 'row'), 'known');
  const settings = JSON.parse(await readFile(join(target.config.dataDir, 'settings.json'), 'utf8')) as typeof given & {
    readonly baseDomain: string;
  };
  assert.deepEqual([settings.baseDomain, settings.databaseUrl], ['example.com', to]);
  const secret = (await readFile(join(target.config.dataDir, 'admin-token'), 'utf8')).trim();
  assert.equal((await tokenStore(copy.db).authenticate(hashToken(secret)))?.role, 'owner');
  const { rows } = await sql<{ name: string }>`select name from project`.execute(copy.db);
  assert.deepEqual(rows, [{ name: 'shop' }]);
  await assert.rejects(sql`select from not_ours`.execute(copy.db), /does not exist/);
});

test('an own PostgreSQL that does not run is started for a backup and stopped again, and an empty directory holds no platform', async () => {
  await using platform = await emptyPlatform();
  const { config } = platform;
  const wishes = { file: join(config.dataDir, 'backup'), artifacts: false, logs: false, withoutKeys: true };
  await assert.rejects(createBackup(config, wishes, present), { code: 'not_found' });
  assert.deepEqual(await readdir(config.dataDir), []);

  await openDataDirectory(config.dataDir, config.platformId);
  await assert.rejects(createBackup(config, wishes, present), { code: 'not_found', message: /holds no platform/ });
  const lock = await readdir(join(config.dataDir, 'postgres', 'data'));
  assert.ok(!lock.includes('postmaster.pid'), 'it is stopped again');
});

test('a directory in which anything is, and keys that are not those of the backup, are refused before anything is written', async () => {
  await using postgres = await startTestPostgres();
  const databaseUrl = await externalDatabase(postgres, 'before');
  await using source = await emptyPlatform({ variables: { databaseUrl } });
  const { root, keys } = await openDataDirectory(source.config.dataDir, source.config.platformId);
  await openSecretBox({ dir: keys });
  await using database = databaseAt(databaseUrl);
  await migrate(database.db);
  const file = join(root, 'backup');
  await createBackup(source.config, { file, artifacts: false, logs: false, withoutKeys: true }, present);

  await using target = await emptyPlatform();
  const { config, variables } = target;
  const other = join(root, 'other-keys');
  await openSecretBox({ dir: other });
  const options = { file, keys: other };
  await assert.rejects(restoreBackup({ config, variables, options }, present), {
    code: 'usage',
    message: /has not the keys of the backup: k0001/,
  });
  assert.deepEqual(await readdir(config.dataDir), []);
  await writeFile(join(config.dataDir, 'mine'), '');
  await assert.rejects(restoreBackup({ config, variables, options: { file, keys } }, present), {
    code: 'restore_not_empty',
    message: /there is mine/,
  });
  assert.deepEqual(await readdir(config.dataDir), ['mine']);
});
