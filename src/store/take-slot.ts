import { sql, type Kysely } from 'kysely';
import { FencedError, type Lease } from '../engine/ports/deployment-store.ts';
import type { SlotNumber } from '../domain/route.ts';
import type { Database } from './schema.ts';

/** Whoever else takes the same one at the same time has it; then the next one is free. More often than this nobody loses. */
const tries = 100;

/** Gives out slots one at a time, the lowest free one first, so that the pool stays dense. */
export class SlotTaker {
  readonly #db: Kysely<Database>;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** One after the other: two of this process would only get in each other's way. */
  take(lease: Lease, capacity: number): Promise<SlotNumber | null> {
    const turn = this.#tail.then(() => takeSlot(this.#db, lease, capacity));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

async function takeSlot(db: Kysely<Database>, lease: Lease, capacity: number): Promise<SlotNumber | null> {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const { rows } = await sql<{ wanted: SlotNumber; has: SlotNumber | null }>`
      with held as (
        select id from deployment where id = ${lease.deploymentId} and epoch = ${lease.epoch} for update
      ),
      owned as (select number from slot where deployment_id = ${lease.deploymentId}),
      used as (select count(*)::int as taken, coalesce(max(number), 0) as highest from slot),
      wanted as (
        select case
          when exists (select from owned) then (select number from owned)
          -- Most of the time there is no gap, and nobody has to look for one.
          when used.taken = used.highest then used.highest + 1
          else (
            select before.number + 1 from (select 0 as number union all select number from slot) before
            where not exists (select 1 from slot where slot.number = before.number + 1) order by 1 limit 1
          )
        end as number from held, used
      ),
      taken as (
        insert into slot (number, deployment_id)
        select wanted.number, held.id from held, wanted
        where wanted.number <= ${capacity} and not exists (select from owned)
        on conflict do nothing
        returning number
      )
      select wanted.number as wanted, coalesce((select number from owned), (select number from taken)) as has
      from wanted`.execute(db);
    const [row] = rows;
    if (row === undefined) throw new FencedError(lease.deploymentId);
    if (row.has !== null) return row.has;
    if (row.wanted > capacity) return null;
  }
  throw new Error(`no slot was free in ${tries} tries, although there are some`);
}
