import { sql, type Kysely, type Transaction } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { DeliveryLimits, PendingDelivery, WorkedDelivery } from '../engine/ports/webhook-store.ts';
import { toJson, type Database } from './schema.ts';

const mostAttempts = 8;
/** Doubled with every attempt. */
const retryDelayMs = 1_000;

type Work = (delivery: PendingDelivery) => Promise<WorkedDelivery>;
type Claimed = PendingDelivery & { readonly sequence: number };

/**
 * The row stays locked until the work is kept, so that a process that dies lets go of it at once. Only the first of each queue can be taken, and
 * while somebody has it, nobody has the second.
 */
export async function workOnNext(db: Kysely<Database>, work: Work): Promise<boolean> {
  let claimed: Claimed | null = null;
  try {
    return await db.transaction().execute(async (tx) => {
      claimed = await claim(tx);
      if (claimed === null) return false;
      await keepWork(tx, claimed, await work(claimed));
      return true;
    });
  } catch (error) {
    // Without the database nothing of it can be kept, and it is nobody's fault.
    if (claimed === null || (error instanceof CutoverError && error.code === 'database_unavailable')) throw error;
    await keepFailure(db, claimed, error);
    return true;
  }
}

/** What is kept of the work need not be on the disk: where it is lost, the work is done again, and comes to the same. */
const unhurried = sql`set_config('synchronous_commit', 'off', true) as unhurried`;

async function claim(tx: Transaction<Database>): Promise<Claimed | null> {
  const { rows } = await sql<Claimed>`
    select ${unhurried}, d.id, d.sequence, d.provider, d.reading, w.project_id as "hookProjectId", d.only_project_id as "onlyProjectId"
    from webhook_delivery d join webhook w on w.id = d.webhook_id
    where d.state = 'pending' and d.not_before <= now() and not exists (
      select from webhook_delivery first
      where first.queue = d.queue and first.state = 'pending' and first.sequence < d.sequence
    )
    order by d.sequence limit 1 for no key update of d skip locked`.execute(tx);
  return rows[0] ?? null;
}

export async function waitingBehind(
  db: Kysely<Database>,
  id: string,
  limit: number,
): Promise<readonly PendingDelivery[]> {
  const { rows } = await sql<PendingDelivery>`
    select d.id, d.provider, d.reading, w.project_id as "hookProjectId", d.only_project_id as "onlyProjectId"
    from webhook_delivery first
    join webhook_delivery d on d.queue = first.queue and d.state = 'pending' and d.sequence > first.sequence
    join webhook w on w.id = d.webhook_id
    where first.id = ${id} order by d.sequence desc limit ${limit}`.execute(db);
  return rows;
}

async function keepWork(tx: Transaction<Database>, { sequence }: Claimed, worked: WorkedDelivery): Promise<void> {
  await tx
    .updateTable('webhook_delivery')
    .set({ state: 'processed', reason: worked.reason, processed_at: sql<string>`now()` })
    .where('sequence', '=', sequence)
    .execute();
  for (const { projectId, outcomes } of worked.projects) await keepOutcomes(tx, { projectId, sequence, outcomes });
}

/** Nothing is kept for a project that is gone meanwhile. */
async function keepOutcomes(
  tx: Transaction<Database>,
  { projectId, sequence, outcomes }: WorkedDelivery['projects'][number] & { readonly sequence: number },
): Promise<void> {
  await sql`
    insert into webhook_match (project_id, sequence, outcomes)
    select id, ${sequence}::bigint, ${toJson(outcomes)}::jsonb from project where id = ${projectId} for key share
    on conflict (project_id, sequence) do update set outcomes = excluded.outcomes`.execute(tx);
}

async function keepFailure(db: Kysely<Database>, { sequence }: Claimed, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  await sql`
    update webhook_delivery set
      attempts = attempts + 1,
      reason = ${reason},
      state = case when attempts + 1 >= ${mostAttempts} then 'failed' else state end,
      processed_at = case when attempts + 1 >= ${mostAttempts} then now() end,
      not_before = now() + ${retryDelayMs} * power(2, attempts) * interval '1 millisecond'
    where sequence = ${sequence} and state = 'pending'`.execute(db);
}

/** What still waits stays. */
export async function pruneDeliveries(db: Kysely<Database>, limits: DeliveryLimits): Promise<number> {
  const old = await sql`
    delete from webhook_delivery
    where received_at < now() - ${limits.days}::int * interval '1 day' and state <> 'pending'`.execute(db);
  const beyond = await sql`
    with bound as materialized (
      select w.id, kind.verified, (
        select d.sequence from webhook_delivery d where d.webhook_id = w.id and d.verified = kind.verified
        order by d.sequence desc offset kind.newest limit 1
      ) as sequence
      from webhook w cross join (
        values (true, ${limits.newest}::bigint), (false, ${limits.newestRefused}::bigint)
      ) as kind (verified, newest)
    )
    delete from webhook_delivery d using bound
    where d.webhook_id = bound.id and d.verified = bound.verified and d.sequence <= bound.sequence
      and d.state <> 'pending'`.execute(db);
  return Number((old.numAffectedRows ?? 0n) + (beyond.numAffectedRows ?? 0n));
}
