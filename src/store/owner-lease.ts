import { sql, type RawBuilder } from 'kysely';
import { ownerLockClass } from './wakeups.ts';

/** Whether nobody acts on it: the lease has run out, or the session of its owner is gone. Columns are named in full. */
export function isAbandoned(owner: string, leaseUntil: string): RawBuilder<boolean> {
  return sql`(${sql.ref(leaseUntil)} is null or ${sql.ref(leaseUntil)} < now() or not exists (
    select 1 from pg_locks l
    where l.locktype = 'advisory' and l.granted
      and l.classid = ${ownerLockClass}::int::oid and l.objid = ${sql.ref(owner)}::int::oid
  ))`;
}
