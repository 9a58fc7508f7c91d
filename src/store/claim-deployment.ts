import { sql, type Kysely } from 'kysely';
import type { DeploymentState } from '../domain/deployment-state.ts';
import type { ClaimRequest, Lease, Want } from '../engine/ports/deployment-store.ts';
import { isActive } from './active-deployments.ts';
import { isContractDue } from './contract-due.ts';
import { brokenUniqueConstraint } from './database-errors.ts';
import { isAbandoned, mayClaim } from './owner-lease.ts';
import type { Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

/**
 * Takes the next deployment that may be led. The unique index on active deployments is what makes environments take turns: two
 * claims at once cannot both succeed, and the one that fails looks again later.
 */
export async function claimDeployment(db: Kysely<Database>, request: ClaimRequest): Promise<Lease | null> {
  try {
    return await db.transaction().execute(async (tx) => {
      const next = await pick(tx, request);
      return next === null ? null : take(tx, request, next);
    });
  } catch (error) {
    if (brokenUniqueConstraint(error) === 'deployment_one_active') return null;
    throw error;
  }
}

interface Candidate {
  readonly id: string;
  readonly project_id: string;
  readonly environment_id: string;
  readonly state: DeploymentState;
  /** Somebody led it before, so it has its fence. */
  readonly begun: boolean;
}

/**
 * Abandoned ones first (their owner's session is gone, or the lease ran out), then what serves and is to be paused or resumed, then
 * what waits: production before the rest, and in one environment a rollback before everything else.
 */
async function pick(tx: Kysely<Database>, request: ClaimRequest): Promise<Candidate | null> {
  const result = await sql<Candidate>`
    select d.id, d.project_id, d.environment_id, d.state,
      (d.acting or d.state in ('running', 'deploying', 'ready')) as begun
    from deployment d
    where ${mayClaim(request.owner)} and ${isDue} and d.state not in ('failed', 'cancelled', 'stopped')
      and not (d.id = any(${request.leading}::uuid[]))
      and (
        ((d.acting or d.state in ('running', 'deploying', 'ready'))
          and ${isAbandoned('d.lease_owner', 'd.lease_until')})
        or (
          not d.acting and ${isClaimable} and not exists (
            select 1 from deployment other
            where other.environment_id = d.environment_id and other.id <> d.id and ${isActive('other')}
          )
        )
      )
    order by (d.state <> 'pending') desc, d.production desc, (d.kind = 'rollback') desc, d.created_at
    limit 1
    for update of d skip locked`.execute(tx);
  return result.rows[0] ?? null;
}

/** Nobody is made to wait this long: what says so was written before the clock was set back, and would wait for as long as that. */
const isDue = sql<boolean>`(d.not_before <= now() or d.not_before > now() + interval '1 minute')`;

/** By what it is and what is wanted of it alone: the next of those that wait, or what is to be paused or resumed. */
const isClaimable = sql<boolean>`(
  (d.state = 'pending' and not exists (
    select 1 from deployment other
    where other.environment_id = d.environment_id and other.state = 'pending'
      and (other.kind <> 'rollback', other.number) < (d.kind <> 'rollback', d.number)
  ))
  or (d.state = 'paused' and d.want = 'resume' and (d.paused_from <> 'completed' or ${isCurrent()}))
  or (d.state = 'paused' and d.want = 'take-back')
  or (d.state = 'completed' and d.want = 'pause' and ${isCurrent()})
  or (d.want is null and ${isContractDue('d')})
)`;

function isCurrent() {
  return sql<boolean>`exists (
    select 1 from environment e where e.id = d.environment_id and e.current_deployment_id = d.id
  )`;
}

async function take(tx: Kysely<Database>, request: ClaimRequest, next: Candidate): Promise<Lease> {
  if (!next.begun) await giveFence(tx, next);
  const taken = await sql<{ epoch: number; fence: number }>`
    update deployment set
      epoch = epoch + 1,
      lease_owner = ${request.owner},
      lease_until = now() + ${request.leaseMs} * interval '1 millisecond',
      state = case when state = 'pending' then 'running' else state end,
      acting = state in ('paused', 'completed'),
      started_at = coalesce(started_at, now())
    where id = ${next.id}
    returning epoch, fence`.execute(tx);
  const row = taken.rows[0];
  if (row === undefined) throw new Error('a deployment vanished while it was locked');
  if (next.state === 'pending') {
    await appendTimeline(tx, next, [{ kind: 'state.changed', from: 'pending', to: 'running', reason: null }]);
    await notifyAll(tx, next.id);
  }
  return { deploymentId: next.id, environmentId: next.environment_id, epoch: row.epoch, fence: row.fence };
}

async function giveFence(tx: Kysely<Database>, next: Candidate): Promise<void> {
  const environment = await tx
    .updateTable('environment')
    .set({ fence: sql`fence + 1` })
    .where('id', '=', next.environment_id)
    .returning('fence')
    .executeTakeFirstOrThrow();
  await tx.updateTable('deployment').set({ fence: environment.fence }).where('id', '=', next.id).execute();
}

/** Extends what is still ours; what is missing from the answer has passed to somebody else. */
export async function heartbeat(
  db: Kysely<Database>,
  leases: readonly Lease[],
  leaseMs: number,
): Promise<ReadonlyMap<string, Want | null>> {
  const ids = leases.map((lease) => lease.deploymentId);
  const epochs = leases.map((lease) => lease.epoch);
  const result = await sql<{ id: string; want: Want | null }>`
    update deployment d set lease_until = now() + ${leaseMs} * interval '1 millisecond'
    from unnest(${ids}::uuid[], ${epochs}::int[]) as held (id, epoch)
    where d.id = held.id and d.epoch = held.epoch
    returning d.id, d.want`.execute(db);
  return new Map(result.rows.map((row) => [row.id, row.want]));
}

export async function releaseLease(db: Kysely<Database>, lease: Lease, delayMs: number): Promise<void> {
  await sql`
    update deployment set lease_until = null, not_before = now() + ${delayMs} * interval '1 millisecond'
    where id = ${lease.deploymentId} and epoch = ${lease.epoch}`.execute(db);
}
