import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from './schema.ts';

/**
 * Whether a deployment has the right to change what serves in its environment: the same as the index `deployment_one_active`, so
 * there is at most one. `alias`: of the table in the query.
 */
export function isActive(alias: string): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  // The first line says nothing new, but lets the index of what is not over be used.
  return sql`(${column('state')} not in ('failed', 'cancelled', 'stopped') and (
    ${column('state')} in ('running', 'deploying', 'ready')
    or (${column('state')} = 'paused' and ${column('paused_from')} in ('deploying', 'ready'))
    or ${column('acting')}
  ))`;
}

/** The other deployment that is changing the environment now, if there is one. */
export async function otherActive(
  db: Kysely<Database>,
  { id, environment_id }: { readonly id: string; readonly environment_id: string },
): Promise<{ readonly id: string; readonly number: number } | null> {
  const row = await db
    .selectFrom('deployment as d')
    .select(['d.id', 'd.number'])
    .where('d.environment_id', '=', environment_id)
    .where('d.id', '<>', id)
    .where(isActive('d'))
    .executeTakeFirst();
  return row ?? null;
}
