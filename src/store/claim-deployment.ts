import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { DeploymentState } from '../domain/deployment-state.ts';
import type { ClaimRequest, Lease, Want } from '../engine/ports/deployment-store.ts';
import { isActive } from './active-deployments.ts';
import { isContractDue } from './contract-due.ts';
import { brokenUniqueConstraint } from './database-errors.ts';
import { isAbandoned, mayClaim } from './owner-lease.ts';
import { changeAndCommit } from './one-statement.ts';
import type { Database } from './schema.ts';
import { timelineRows } from './timeline-rows.ts';
import { tellAll } from './wakeups.ts';

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
    with urgent as materialized (
      select ${candidateColumns} from deployment d
      where ${mayClaim(request.owner)} and ${isDue} and d.state not in ('failed', 'cancelled', 'stopped', 'pending')
        and not exists (select from unnest(${request.leading}::uuid[]) led (id) where led.id = d.id) and d.id in (${urgentCandidates})
        and (
          (${hasBegun} and ${isAbandoned('d.lease_owner', 'd.lease_until')})
          or (not d.acting and ${isClaimable} and ${isFree})
        )
      order by d.production desc, (d.kind = 'rollback') desc, d.created_at
      limit 1 for update of d skip locked
    ),
    waiting as materialized (
      select ${candidateColumns} from deployment d
      where not exists (select from urgent) and ${mayClaim(request.owner)} and ${isDue} and d.state = 'pending'
        and not d.acting and ${isNextInEnvironment} and ${isFree}
      order by d.production desc, (d.kind = 'rollback') desc, d.created_at
      limit 1 for update of d skip locked
    )
    select * from urgent union all select * from waiting`.execute(tx);
  return result.rows[0] ?? null;
}

const hasBegun = sql<boolean>`(d.acting or d.state in ('running', 'deploying', 'ready'))`;
const candidateColumns = sql`d.id, d.project_id, d.environment_id, d.state, ${hasBegun} as begun`;

/**
 * Everything but what waits: what is led, what somebody wants something of, and what has a contract step left. Each by an index of its
 * own, because what is completed is as much as there are environments, and this is asked every second.
 */
const urgentCandidates = sql`
  select a.id from deployment a where a.acting or a.state in ('running', 'deploying', 'ready')
  union all
  select w.id from deployment w where w.want is not null and w.state in ('paused', 'completed')
  union all
  select j.deployment_id from job j where j.type = 'RunContractJob' and j.status in ('pending', 'running')`;

/** Nobody else is changing its environment. */
const isFree = sql<boolean>`not exists (
  select 1 from deployment other
  where other.environment_id = d.environment_id and other.id <> d.id and ${isActive('other')}
)`;

/** Nobody is made to wait this long: what says so was written before the clock was set back, and would wait for as long as that. */
const isDue = sql<boolean>`(d.not_before <= now() or d.not_before > now() + interval '1 minute')`;

/** In one environment a rollback comes before everything else, and what was asked for first before what came later. */
const isNextInEnvironment = sql<boolean>`d.id = (
  select first.id from deployment first
  where first.environment_id = d.environment_id and first.state = 'pending'
  order by first.kind = 'rollback' desc, first.number limit 1
)`;

/** By what it is and what is wanted of it alone: what is to be paused, resumed, taken back, or has its contract step left. */
const isClaimable = sql<boolean>`(
  (d.state = 'paused' and d.want = 'resume' and (d.paused_from <> 'completed' or ${isCurrent()}))
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
  const taken = await sql<{ epoch: number; fence: number }>`
    with fenced as (
      update environment set fence = fence + 1 where id = ${next.environment_id} and not ${next.begun} returning fence
    )
    update deployment set
      fence = coalesce((select fence from fenced), fence),
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
    const begun = timelineRows(tx, next, [{ kind: 'state.changed', from: 'pending', to: 'running', reason: null }]);
    await changeAndCommit(tx, [begun], tellAll(next.id));
  }
  return { deploymentId: next.id, environmentId: next.environment_id, epoch: row.epoch, fence: row.fence };
}

type Wants = ReadonlyMap<string, Want | null>;

/**
 * Extends what is still ours; what is missing from the answer has passed to somebody else. Rows that are being written come after the
 * others, each by itself: who waits for one of them, and holds the rest meanwhile, would make everybody wait for everybody.
 */
export async function heartbeat(db: Kysely<Database>, leases: readonly Lease[], leaseMs: number): Promise<Wants> {
  const held = new Map(await extend(db, { leases, leaseMs, rows: sql`for no key update of d skip locked` }));
  const busy = leases.filter(({ deploymentId }) => !held.has(deploymentId));
  for (const lease of busy)
    for (const [id, want] of await extend(db, { leases: [lease], leaseMs, rows: sql`` })) held.set(id, want);
  return held;
}

interface Extension {
  readonly leases: readonly Lease[];
  readonly leaseMs: number;
  /** How the rows are locked before. */
  readonly rows: RawBuilder<unknown>;
}

async function extend(db: Kysely<Database>, { leases, leaseMs, rows }: Extension): Promise<Wants> {
  const result = await sql<WantRow>`
    update deployment d set lease_until = now() + ${leaseMs} * interval '1 millisecond'
    from (${selectHeld(leases)} ${rows}) as held
    where d.id = held.id and d.epoch = held.epoch
    returning d.id, d.want`.execute(db);
  return new Map(result.rows.map((row) => [row.id, row.want]));
}

export async function readWanted(db: Kysely<Database>, leases: readonly Lease[]): Promise<Wants> {
  const result = await sql<WantRow>`${selectHeld(leases)}`.execute(db);
  return new Map(result.rows.map((row) => [row.id, row.want]));
}

interface WantRow {
  readonly id: string;
  readonly want: Want | null;
}

function selectHeld(leases: readonly Lease[]): RawBuilder<WantRow> {
  const ids = leases.map((lease) => lease.deploymentId);
  const epochs = leases.map((lease) => lease.epoch);
  return sql`
    select d.id, d.epoch, d.want from deployment d
    join unnest(${ids}::uuid[], ${epochs}::int[]) as lease (id, epoch) on d.id = lease.id and d.epoch = lease.epoch`;
}

export async function releaseLease(db: Kysely<Database>, lease: Lease, delayMs: number): Promise<void> {
  await sql`
    update deployment set lease_until = null, not_before = now() + ${delayMs} * interval '1 millisecond'
    where id = ${lease.deploymentId} and epoch = ${lease.epoch}`.execute(db);
}
