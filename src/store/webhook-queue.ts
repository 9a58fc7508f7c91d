import { sql, type Kysely, type Transaction } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { DeliveryState } from '../domain/webhook.ts';
import type { PendingDelivery, WaitingDelivery, WorkedDelivery, WorkedProject } from '../engine/ports/webhook-store.ts';
import { toJson, type Database } from './schema.ts';
import { moveHeads, readHeads, type HeadsOwner } from './webhook-heads.ts';

const mostAttempts = 8;
/** Doubled with every attempt. */
const retryDelayMs = 1_000;

type Work = (delivery: PendingDelivery) => Promise<WorkedDelivery>;
type Claimed = PendingDelivery & HeadsOwner & { readonly sequence: number };

/**
 * The row stays locked until the work is kept, so that a process that dies lets go of it at once. Only the first of each queue can be taken, and
 * while somebody has it, nobody has the second; one that is tried again holds up nothing.
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
    if (claimed === null) throw error;
    // Counted also where the database let go of it, so that nothing is tried for ever; where there is no database, this fails too.
    await keepFailure(db, claimed, error);
    if (error instanceof CutoverError && error.code === 'database_unavailable') throw error;
    return true;
  }
}

/** What is kept of the work need not be on the disk: where it is lost, the work is done again, and comes to the same. */
const unhurried = sql`set_config('synchronous_commit', 'off', true) as unhurried`;

async function claim(tx: Transaction<Database>): Promise<Claimed | null> {
  const { rows } = await sql<Omit<Claimed, 'heads'>>`
    select ${unhurried}, d.webhook_id as "hookId", d.queue, d.id, d.sequence, d.provider, d.reading, w.project_id as "hookProjectId", d.only_project_id as "onlyProjectId",
      d.attempts, coalesce((
        select jsonb_agg(m.project_id) from webhook_match m
        where m.sequence = d.sequence and m.outcomes <> '[]' and not m.outcomes @> '[{"code": "failed"}]'
      ), '[]') as "doneProjectIds"
    from webhook_delivery d join webhook w on w.id = d.webhook_id
    where d.state = 'pending' and d.not_before <= now() and not exists (
      select from webhook_delivery first
      where first.queue = d.queue and first.state = 'pending' and first.sequence < d.sequence and first.attempts = 0
    )
    order by d.sequence limit 1 for no key update of d skip locked`.execute(tx);
  const [row] = rows;
  if (row === undefined) return null;
  return { ...row, heads: row.attempts > 0 ? new Map() : await readHeads(tx, row, row.reading.events) };
}

export async function waitingBehind(
  db: Kysely<Database>,
  id: string,
  limit: number,
): Promise<readonly WaitingDelivery[]> {
  const { rows } = await sql<WaitingDelivery>`
    select d.id, d.provider, d.reading, w.project_id as "hookProjectId", d.only_project_id as "onlyProjectId"
    from webhook_delivery first
    join webhook_delivery d on d.webhook_id = first.webhook_id and d.verified and d.queue = first.queue and d.sequence > first.sequence
      and (d.state = 'pending' or (d.state = 'processed' and first.attempts > 0))
    join webhook w on w.id = d.webhook_id
    where first.id = ${id} order by d.sequence desc limit ${limit}`.execute(db);
  return rows;
}

async function keepWork(tx: Transaction<Database>, claimed: Claimed, worked: WorkedDelivery): Promise<void> {
  const { sequence, doneProjectIds } = claimed;
  const failed = worked.projects.filter((project) => project.failed);
  await noteHeads(tx, claimed);
  for (const { projectId, outcomes } of worked.projects) await keepOutcomes(tx, { projectId, sequence, outcomes });
  if (failed.length > 0) {
    const isWhole = failed.length === worked.projects.length && doneProjectIds.length === 0;
    await countAttempt(tx, claimed, { reason: worked.reason, last: isWhole ? 'failed' : 'processed' });
    return;
  }
  await tx
    .updateTable('webhook_delivery')
    .set({ state: 'processed', reason: worked.reason, processed_at: sql<string>`now()` })
    .where('sequence', '=', sequence)
    .execute();
}

/** Nothing is kept for a project that is gone meanwhile. */
async function keepOutcomes(
  tx: Transaction<Database>,
  { projectId, sequence, outcomes }: Pick<WorkedProject, 'projectId' | 'outcomes'> & { readonly sequence: number },
): Promise<void> {
  await sql`
    insert into webhook_match (project_id, sequence, outcomes)
    select id, ${sequence}::bigint, ${toJson(outcomes)}::jsonb from project where id = ${projectId} for key share
    on conflict (project_id, sequence) do update set outcomes = excluded.outcomes`.execute(tx);
}

async function keepFailure(db: Kysely<Database>, claimed: Claimed, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  await noteHeads(db, claimed);
  await countAttempt(db, claimed, { reason, last: 'failed' });
}

/** In the order in which they came: what is tried again was noted the first time. */
async function noteHeads(db: Kysely<Database>, claimed: Claimed): Promise<void> {
  if (claimed.attempts === 0) await moveHeads(db, claimed, claimed.reading.events);
}

interface Attempt {
  readonly reason: string | null;
  /** What comes of the last one. */
  readonly last: DeliveryState;
}

async function countAttempt(db: Kysely<Database>, { sequence }: Claimed, { reason, last }: Attempt): Promise<void> {
  await sql`
    update webhook_delivery set
      attempts = attempts + 1,
      reason = ${reason},
      state = case when attempts + 1 >= ${mostAttempts} then ${last} else state end,
      processed_at = case when attempts + 1 >= ${mostAttempts} then now() end,
      not_before = now() + ${retryDelayMs} * power(2, attempts) * interval '1 millisecond'
    where sequence = ${sequence} and state = 'pending'`.execute(db);
}
