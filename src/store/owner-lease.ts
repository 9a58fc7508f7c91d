import { sql, type RawBuilder } from 'kysely';
import { ownerLockClass } from './wakeups.ts';

/**
 * Whether nobody acts on it: the lease has run out, or the session of its owner is gone. No lease is given for a minute: one that says
 * so was written before the clock was set back. Columns are named in full.
 */
export function isAbandoned(owner: string, leaseUntil: string): RawBuilder<boolean> {
  return sql`(${sql.ref(leaseUntil)} is null or ${sql.ref(leaseUntil)} < now()
    or ${sql.ref(leaseUntil)} > now() + interval '1 minute' or not ${hasSession(sql.ref(owner))})`;
}

/**
 * Who has no session of its own claims nothing: it could not be seen to live. Just after the database has come back nobody has one, and
 * everybody would take from everybody.
 */
export function mayClaim(owner: number): RawBuilder<boolean> {
  return hasSession(sql`${owner}`);
}

function hasSession(owner: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`exists (
    select 1 from pg_locks l
    where l.locktype = 'advisory' and l.granted
      and l.classid = ${ownerLockClass}::int::oid and l.objid = ${owner}::int::oid
  )`;
}
