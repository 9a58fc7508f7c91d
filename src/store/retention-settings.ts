import { sql, type Kysely } from 'kysely';
import { defaultRetentionSettings, type RetentionSettings } from '../domain/retention-settings.ts';
import { toJson, type Database } from './schema.ts';

const name = 'retention';

export async function readRetentionSettings(db: Kysely<Database>): Promise<RetentionSettings> {
  const row = await db.selectFrom('platform_setting').select('value').where('name', '=', name).executeTakeFirst();
  return { ...defaultRetentionSettings, ...row?.value };
}

export function updateRetentionSettings(
  db: Kysely<Database>,
  change: (current: RetentionSettings) => RetentionSettings,
): Promise<RetentionSettings> {
  return db.transaction().execute(async (tx) => {
    // Whoever comes second waits here, also where there is no row yet.
    await sql`lock table platform_setting in share row exclusive mode`.execute(tx);
    const changed = change(await readRetentionSettings(tx));
    const value = toJson(changed);
    await tx
      .insertInto('platform_setting')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, updated_at: sql`now()` }))
      .execute();
    return changed;
  });
}
