import { sql, type Kysely } from 'kysely';

/**
 * Every change of a route has a number, ascending over all environments and for ever, so that the router can tell a late change from
 * a new one, also where an environment of the same host was deleted and made again. The database gives it: no writer can forget it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create sequence route_revision`,
  `alter table route add column revision bigint not null default nextval('route_revision')`,
  `create function route_revise() returns trigger language plpgsql as $$
    begin
      new.revision := nextval('route_revision');
      return new;
    end $$`,
  `create trigger route_revise before update on route for each row execute function route_revise()`,
];
