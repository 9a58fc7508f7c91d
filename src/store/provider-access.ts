import { sql, type RawBuilder } from 'kysely';

/** There is a token, or the GitHub App is installed. `access`: a name of `provider_access` in the query. */
export function mayAct(access: string): RawBuilder<boolean> {
  return sql<boolean>`coalesce(${sql.ref(`${access}.installation`)}, 'installed') = 'installed'`;
}
