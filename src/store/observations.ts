import { sql, type Kysely } from 'kysely';
import { isFinal } from '../domain/deployment-state.ts';
import { leadsTo } from '../domain/route.ts';
import type { Measurements } from '../domain/measurements.ts';
import type {
  ObservationNote,
  ObservationStore,
  OpenObservation,
  TrafficMove,
} from '../engine/ports/observation-store.ts';
import { readRecord, readRoute } from './deployment-records.ts';
import { closeObservation } from './observation-rows.ts';
import { isAbandoned, mayClaim } from './owner-lease.ts';
import { toJson, type Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

/** Observations in PostgreSQL. */
export function createObservationStore(db: Kysely<Database>): ObservationStore {
  return {
    claim: (owner, leaseMs) => claim(db, owner, leaseMs),
    moveTraffic: (move) => db.transaction().execute((tx) => moveTraffic(tx, move)),
    note: (deploymentId, note) => db.transaction().execute((tx) => keepNote(tx, deploymentId, note)),
    measured: (deploymentId, measurements) => keepMeasured(db, deploymentId, measurements),
    close: (deploymentId, { outcome, message, measurements }) =>
      db.transaction().execute(async (tx) => {
        const observed = await lockObserved(tx, deploymentId);
        if (observed === undefined || !(await closeObservation(tx, observed, { outcome, message }))) return false;
        await addMeasurements(tx, deploymentId, measurements);
        return true;
      }),
  };
}

interface Claimed {
  readonly deployment_id: string;
  readonly environment_id: string;
  readonly standby_id: string | null;
}

/** One row at a time: whoever writes locks several, in an order of their own. */
async function claim(db: Kysely<Database>, owner: number, leaseMs: number): Promise<readonly OpenObservation[]> {
  const { rows } = await sql<Pick<Claimed, 'deployment_id'>>`
    select o.deployment_id from observation o where ${isClaimable(owner)}`.execute(db);
  const open = await Promise.all(rows.map((row) => claimOne(db, row.deployment_id, { owner, leaseMs })));
  return open.filter((observation) => observation !== null);
}

/** Time in which nobody looked does not count. null: somebody else was faster, or it is over. */
async function claimOne(
  db: Kysely<Database>,
  deploymentId: string,
  { owner, leaseMs }: { readonly owner: number; readonly leaseMs: number },
): Promise<OpenObservation | null> {
  const { rows } = await sql<Claimed>`
    update observation o set owner = ${owner}, lease_until = now() + ${leaseMs} * interval '1 millisecond',
      ends_at = ends_at + greatest(interval '0', now() - coalesce(lease_until, switched_at, now()))
    where o.deployment_id = ${deploymentId} and ${isClaimable(owner)}
    returning o.deployment_id, o.environment_id, o.standby_id`.execute(db);
  const [row] = rows;
  return row === undefined ? null : readOpen(db, row);
}

function isClaimable(owner: number) {
  return sql<boolean>`(o.closed_at is null
    and (o.owner = ${owner} or (${mayClaim(owner)} and ${isAbandoned('o.owner', 'o.lease_until')})))`;
}

/** null: it was closed, or erased, meanwhile. */
async function readOpen(db: Kysely<Database>, claimed: Claimed): Promise<OpenObservation | null> {
  const [row, fresh, standby, route] = await Promise.all([
    db
      .selectFrom('observation')
      .select(['opened_at', 'switched_at', 'ends_at', 'view'])
      .select(sql<number | null>`(extract(epoch from ends_at - now()) * 1000)::float8`.as('left_ms'))
      .where('deployment_id', '=', claimed.deployment_id)
      .where('closed_at', 'is', null)
      .executeTakeFirst(),
    readRecord(db, claimed.deployment_id),
    claimed.standby_id === null ? null : readRecord(db, claimed.standby_id),
    readRoute(db, claimed.environment_id),
  ]);
  if (row === undefined || fresh === null || route === null) return null;
  return {
    fresh,
    standby: standby === null || isFinal(standby.deployment.state) ? null : standby,
    route: route.target,
    hosts: route.hosts,
    openedAt: row.opened_at,
    switchedAt: row.switched_at,
    endsAt: row.ends_at,
    leftMs: row.left_ms,
    view: row.view,
  };
}

/** The deployment's row comes first, as in every write of its worker, so that nobody waits in a circle. */
async function lockObserved(tx: Kysely<Database>, deploymentId: string) {
  return tx
    .selectFrom('deployment')
    .select(['id', 'project_id', 'environment_id', 'fence'])
    .where('id', '=', deploymentId)
    .forNoKeyUpdate()
    .executeTakeFirst();
}

async function moveTraffic(tx: Kysely<Database>, move: TrafficMove): Promise<boolean> {
  const observed = await lockObserved(tx, move.deploymentId);
  if (observed === undefined || observed.fence === null) return false;
  const open = await tx
    .selectFrom('observation')
    .select('deployment_id')
    .where('deployment_id', '=', observed.id)
    .where('closed_at', 'is', null)
    .where('owner', '=', move.owner)
    .forUpdate()
    .executeTakeFirst();
  if (open === undefined) return false;
  const { stable, candidate, share, mode, observed: told } = move.target;
  const own = await tx.selectFrom('slot').select('number').where('deployment_id', '=', observed.id).executeTakeFirst();
  const kept = own !== undefined && leadsTo(move.target, own.number) ? own.number : null;
  const written = await tx
    .updateTable('route')
    .set({ fence: observed.fence, stable, candidate, share, mode, observed: told })
    .where('environment_id', '=', observed.environment_id)
    .where('fence', '<=', observed.fence)
    // Somebody has stopped what serves: there is no traffic to move.
    .where('mode', '<>', 'paused')
    // Whoever took it back has taken its traffic: no share is given to it again.
    .$if(kept !== null, (update) =>
      update.where((row) => row.or([row('stable', '=', kept), row('candidate', '=', kept)])),
    )
    .returning('environment_id')
    .execute();
  if (written.length === 0) return false;
  await appendTimeline(tx, observed, move.timeline);
  await notifyAll(tx, observed.id);
  return true;
}

async function keepNote(tx: Kysely<Database>, deploymentId: string, note: ObservationNote): Promise<void> {
  const observed = await lockObserved(tx, deploymentId);
  if (observed === undefined) return;
  const open = await tx
    .updateTable('observation')
    .set({
      ...(note.view === undefined ? {} : { view: toJson(note.view) }),
      ends_at: sql<string>`ends_at + ${note.extendMs ?? 0} * interval '1 millisecond'`,
    })
    .where('deployment_id', '=', deploymentId)
    .where('closed_at', 'is', null)
    .returning('deployment_id')
    .execute();
  // What happens after the end is told all the same: whether a rollback was right is known a minute later.
  if (open.length > 0) await addMeasurements(tx, deploymentId, note.measurements);
  const timeline = note.timeline ?? [];
  if (timeline.length === 0) return;
  await appendTimeline(tx, observed, timeline);
  // Only of what people are told: the view changes every second, and nobody is to be woken for that.
  await notifyAll(tx, deploymentId);
}

/** Whatever comes when the observation is closed is older than what was measured last. */
async function keepMeasured(
  db: Kysely<Database>,
  deploymentId: string,
  measurements: Partial<Measurements>,
): Promise<void> {
  await db
    .updateTable('deployment')
    .set({ measurements: sql`measurements || ${toJson(measurements)}::jsonb` })
    .where('id', '=', deploymentId)
    .where(
      sql<boolean>`not exists (select from observation o where o.deployment_id = deployment.id and o.closed_at is not null)`,
    )
    .execute();
}

async function addMeasurements(
  tx: Kysely<Database>,
  deploymentId: string,
  measurements: Partial<Measurements> | undefined,
): Promise<void> {
  if (measurements === undefined) return;
  await tx
    .updateTable('deployment')
    .set({ measurements: sql`measurements || ${toJson(measurements)}::jsonb` })
    .where('id', '=', deploymentId)
    .execute();
}
