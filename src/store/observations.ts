import { sql, type Kysely, type RawBuilder } from 'kysely';
import { isFinal } from '../domain/deployment-state.ts';
import { leadsTo } from '../domain/route.ts';
import type { Measurements } from '../domain/measurements.ts';
import type {
  ObservationNote,
  ObservationStore,
  OpenObservation,
  TrafficMove,
} from '../engine/ports/observation-store.ts';
import { readRecords, readRoutes } from './deployment-records.ts';
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

/**
 * All at once but those that are being written, which come one at a time: whoever writes locks several rows, in an order of their own, and
 * nobody is to wait for one of them who holds another.
 */
async function claim(db: Kysely<Database>, owner: number, leaseMs: number): Promise<readonly OpenObservation[]> {
  const { rows } = await sql<Pick<Claimed, 'deployment_id'>>`
    select o.deployment_id from observation o where ${isClaimable(owner)}`.execute(db);
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.deployment_id);
  const claimed = [...(await take(db, { ids, owner, leaseMs, rows: sql`for no key update of o skip locked` }))];
  const taken = new Set(claimed.map((row) => row.deployment_id));
  for (const id of ids)
    if (!taken.has(id)) claimed.push(...(await take(db, { ids: [id], owner, leaseMs, rows: sql`` })));
  return readOpen(db, claimed);
}

interface Taking {
  readonly ids: readonly string[];
  readonly owner: number;
  readonly leaseMs: number;
  /** How the rows are locked before. */
  readonly rows: RawBuilder<unknown>;
}

/** Time in which nobody looked does not count. What is missing from the answer is over, or somebody else was faster, or is at it. */
async function take(db: Kysely<Database>, { ids, owner, leaseMs, rows }: Taking): Promise<readonly Claimed[]> {
  const result = await sql<Claimed>`
    update observation o set owner = ${owner}, lease_until = now() + ${leaseMs} * interval '1 millisecond',
      ends_at = ends_at + greatest(interval '0', now() - coalesce(lease_until, switched_at, now()))
    from (
      select o.deployment_id from observation o where o.deployment_id = any(${ids}::uuid[]) and o.closed_at is null ${rows}
    ) as free
    where o.deployment_id = free.deployment_id and ${isClaimable(owner)}
    returning o.deployment_id, o.environment_id, o.standby_id`.execute(db);
  return result.rows;
}

function isClaimable(owner: number) {
  return sql<boolean>`(o.closed_at is null
    and (o.owner = ${owner} or (${mayClaim(owner)} and ${isAbandoned('o.owner', 'o.lease_until')})))`;
}

/** Without those that were closed, or erased, meanwhile. */
async function readOpen(db: Kysely<Database>, claimed: readonly Claimed[]): Promise<readonly OpenObservation[]> {
  const ids = claimed.map((row) => row.deployment_id);
  const named = [...ids, ...claimed.flatMap((row) => row.standby_id ?? [])];
  const environments = claimed.map((row) => row.environment_id);
  const [rows, records, routes] = await Promise.all([
    readRows(db, ids),
    readRecords(db, named),
    readRoutes(db, environments),
  ]);
  return claimed.flatMap((of) => {
    const [row, fresh] = [rows.get(of.deployment_id), records.get(of.deployment_id)];
    const [standby = null, route] = [records.get(of.standby_id ?? ''), routes.get(of.environment_id)];
    if (row === undefined || fresh === undefined || route === undefined) return [];
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
  });
}

async function readRows(db: Kysely<Database>, ids: readonly string[]) {
  const rows = await db
    .selectFrom('observation')
    .select(['deployment_id', 'opened_at', 'switched_at', 'ends_at', 'view'])
    .select(sql<number | null>`(extract(epoch from ends_at - now()) * 1000)::float8`.as('left_ms'))
    .where(sql<boolean>`deployment_id = any(${ids}::uuid[])`)
    .where('closed_at', 'is', null)
    .execute();
  return new Map(rows.map((row) => [row.deployment_id, row]));
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
