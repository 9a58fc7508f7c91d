import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { TimelineEntry } from '../domain/timeline.ts';
import type { ClaimRequest, Lease, Want } from '../engine/ports/deployment-store.ts';
import { isActive } from './active-deployments.ts';
import { isContractDue } from './contract-due.ts';
import { brokenUniqueConstraint } from './database-errors.ts';
import { isAbandoned, mayClaim } from './owner-lease.ts';
import { toJson, type Database } from './schema.ts';
import { notify } from './wakeups.ts';

/**
 * Takes the next deployment that may be led. The unique index on active deployments is what makes environments take turns: two
 * claims at once cannot both succeed, and the one that fails looks again later.
 */
export async function claimDeployment(db: Kysely<Database>, request: ClaimRequest): Promise<Lease | null> {
  try {
    return await claim(db, request);
  } catch (error) {
    if (brokenUniqueConstraint(error) === 'deployment_one_active') return null;
    throw error;
  }
}

/**
 * Abandoned ones first (their owner's session is gone, or the lease ran out), then what serves and is to be paused or resumed, then
 * what waits: production before the rest, and in one environment a rollback before everything else.
 */
async function claim(db: Kysely<Database>, { owner, leaseMs, leading }: ClaimRequest): Promise<Lease | null> {
  const { rows } = await sql<Lease>`
    with urgent as materialized (
      select ${candidateColumns} from deployment d
      where ${mayClaim(owner)} and ${isDue} and d.state not in ('failed', 'cancelled', 'stopped', 'pending')
        and not exists (select from unnest(${leading}::uuid[]) led (id) where led.id = d.id) and d.id in (${urgentCandidates})
        and (
          (${hasBegun} and ${isAbandoned('d.lease_owner', 'd.lease_until')})
          or (not d.acting and ${isClaimable} and ${isFree})
        )
      order by d.production desc, (d.kind = 'rollback') desc, d.created_at
      limit 1 for update of d skip locked
    ),
    waiting as materialized (
      select ${candidateColumns} from deployment d
      where not exists (select from urgent) and ${mayClaim(owner)} and ${isDue} and d.state = 'pending'
        and not d.acting and ${isNextInEnvironment} and ${isFree} and ${sleepsNoMore}
      order by d.production desc, (d.kind = 'rollback') desc, d.created_at
      limit 1 for update of d skip locked
    ),
    next as (select * from urgent union all select * from waiting),
    fenced as (
      update environment set fence = fence + 1
      where id in (select environment_id from next where not begun)
      returning fence
    ),
    taken as (
      update deployment d set
        fence = coalesce((select fence from fenced), d.fence),
        epoch = d.epoch + 1,
        lease_owner = ${owner},
        lease_until = now() + ${leaseMs} * interval '1 millisecond',
        state = case when d.state = 'pending' then 'running' else d.state end,
        acting = d.state in ('paused', 'completed'),
        started_at = coalesce(d.started_at, now())
      from next where d.id = next.id
      returning d.id, d.project_id, d.environment_id, d.epoch, d.fence, next.waited
    ),
    told as (
      insert into timeline (deployment_id, project_id, entry)
      select id, project_id, ${toJson(begun)}::jsonb from taken where waited
    )
    select id as "deploymentId", environment_id as "environmentId", epoch, fence,
      case when waited then ${notify(sql`id::text`)} end
    from taken`.execute(db);
  const [row] = rows;
  if (row === undefined) return null;
  const { deploymentId, environmentId, epoch, fence } = row;
  return { deploymentId, environmentId, epoch, fence };
}

const begun: TimelineEntry = { kind: 'state.changed', from: 'pending', to: 'running', reason: null };

const hasBegun = sql<boolean>`(d.acting or d.state in ('running', 'deploying', 'ready'))`;
/** `begun`: somebody led it before, so it has its fence. */
const candidateColumns = sql`d.id, d.environment_id, ${hasBegun} as begun, d.state = 'pending' as waited`;

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

/** What it is to replace does not sleep: it is woken before, so that whoever comes meanwhile is served. Few are: they are read once for all. */
const sleepsNoMore = sql<boolean>`d.environment_id not in (
  select w.environment_id from deployment w where w.want is not null and w.want = 'wake' and w.state = 'completed'
)`;

/** Nobody is made to wait this long: what says so was written before the clock was set back, and would wait for as long as that. */
const isDue = sql<boolean>`(d.not_before <= now() or d.not_before > now() + interval '1 minute')`;

/** In one environment a rollback comes before everything else, and what was asked for first before what came later. */
const isNextInEnvironment = sql<boolean>`d.id = (
  select first.id from deployment first
  where first.environment_id = d.environment_id and first.state = 'pending'
  order by first.kind = 'rollback' desc, first.number limit 1
)`;

/** By what it is and what is wanted of it alone: what is to be paused, resumed, put to sleep, woken, taken back, or has its contract step left. */
const isClaimable = sql<boolean>`(
  (d.state = 'paused' and d.want = 'resume' and (d.paused_from <> 'completed' or ${isCurrent()}))
  or (d.state = 'paused' and d.want = 'take-back')
  or (d.state = 'completed' and d.want in ('pause', 'sleep', 'wake') and ${isCurrent()})
  or (d.want is null and ${isContractDue('d')})
)`;

function isCurrent() {
  return sql<boolean>`exists (
    select 1 from environment e where e.id = d.environment_id and e.current_deployment_id = d.id
  )`;
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
