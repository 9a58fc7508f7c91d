import { sql, type Kysely, type Transaction } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import * as initial from './migrations/0001-initial.ts';
import * as rollouts from './migrations/0002-rollouts.ts';
import * as retention from './migrations/0003-retention.ts';
import * as scale from './migrations/0004-scale.ts';
import * as routeRevision from './migrations/0005-route-revision.ts';
import * as repositoryCredentials from './migrations/0006-repository-credentials.ts';
import * as buildVariables from './migrations/0007-build-variables.ts';
import * as webhooks from './migrations/0008-webhooks.ts';
import * as waysIn from './migrations/0009-ways-in.ts';
import * as pushes from './migrations/0010-pushes.ts';
import * as previews from './migrations/0011-previews.ts';
import * as providers from './migrations/0012-providers.ts';
import * as webhookOrder from './migrations/0013-webhook-order.ts';
import * as sleep from './migrations/0014-sleep.ts';
import * as tokenScopes from './migrations/0015-token-scopes.ts';
import * as githubApp from './migrations/0016-github-app.ts';
import type { Database } from './schema.ts';

export interface Migration {
  readonly name: string;
  up(db: Kysely<Database>): Promise<void>;
}

/** In order; a file that has been released is never changed. */
export const migrations: readonly Migration[] = [
  { name: '0001-initial', up: initial.up },
  { name: '0002-rollouts', up: rollouts.up },
  { name: '0003-retention', up: retention.up },
  { name: '0004-scale', up: scale.up },
  { name: '0005-route-revision', up: routeRevision.up },
  { name: '0006-repository-credentials', up: repositoryCredentials.up },
  { name: '0007-build-variables', up: buildVariables.up },
  { name: '0008-webhooks', up: webhooks.up },
  { name: '0009-ways-in', up: waysIn.up },
  { name: '0010-pushes', up: pushes.up },
  { name: '0011-previews', up: previews.up },
  { name: '0012-providers', up: providers.up },
  { name: '0013-webhook-order', up: webhookOrder.up },
  { name: '0014-sleep', up: sleep.up },
  { name: '0015-token-scopes', up: tokenScopes.up },
  { name: '0016-github-app', up: githubApp.up },
];

/** Any number, the same in every version: who holds it may migrate. */
const migrationLock = 7_283_155_001;

/**
 * Brings the schema up to date. Each migration is one transaction with its own record, so a crash leaves whole migrations only
 * and the next start goes on after them; several processes may do this at once. Resolves to the names applied by this call.
 * `db` should be opened with a statement timeout that fits the longest migration and the wait for another process's.
 */
export async function migrate(
  db: Kysely<Database>,
  known: readonly Migration[] = migrations,
): Promise<readonly string[]> {
  const applied: string[] = [];
  for (const migration of known) {
    if (await db.transaction().execute((transaction) => applyOnce(transaction, migration, known)))
      applied.push(migration.name);
  }
  return applied;
}

/** The schema as it was after these migrations, all in a transaction of the caller's. */
export async function migrateAsFarAs(transaction: Transaction<Database>, names: readonly string[]): Promise<void> {
  refuseUnknown(names, migrations);
  for (const migration of migrations.filter(({ name }) => names.includes(name)))
    await applyOnce(transaction, migration, migrations);
}

async function applyOnce(
  transaction: Transaction<Database>,
  migration: Migration,
  known: readonly Migration[],
): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(transaction);
  const done = await appliedNames(transaction);
  refuseUnknown(done, known);
  if (done.includes(migration.name)) return false;
  await migration.up(transaction);
  await sql`insert into migration (name) values (${migration.name})`.execute(transaction);
  return true;
}

async function appliedNames(transaction: Transaction<Database>): Promise<string[]> {
  await sql`create table if not exists migration (
    name text primary key,
    applied_at timestamptz not null default now()
  )`.execute(transaction);
  const { rows } = await sql<{ name: string }>`select name from migration`.execute(transaction);
  return rows.map((row) => row.name);
}

/** An older program must not write into a schema it does not know. */
function refuseUnknown(done: readonly string[], migrationsOfThis: readonly Migration[]): void {
  const known = new Set(migrationsOfThis.map((migration) => migration.name));
  const unknown = done.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new CutoverError(
    'database_unavailable',
    `the database was migrated by a newer version of Cutover (${unknown.join(', ')}): start that version`,
  );
}
