import { sql, type Kysely, type UpdateObject } from 'kysely';
import type { PlannedJob } from '../domain/job.ts';
import { isAsleep, type RouteTarget } from '../domain/route.ts';
import {
  FencedError,
  type InstanceChange,
  type JournalEntry,
  type Lease,
  type Write,
} from '../engine/ports/deployment-store.ts';
import { changeTogether, type Change } from './one-statement.ts';
import { toJson, type Database } from './schema.ts';

/** A route written under a higher fence stays: its writer knows more. */
export async function writeRoute(tx: Kysely<Database>, lease: Lease, target: RouteTarget | null): Promise<void> {
  if (target === null) {
    await tx
      .deleteFrom('route')
      .where('environment_id', '=', lease.environmentId)
      .where('fence', '<=', lease.fence)
      .execute();
    return;
  }
  const { stable, candidate, share, mode, observed } = target;
  const row = { fence: lease.fence, stable, candidate, share, mode, observed };
  const written = await tx
    .insertInto('route')
    .values({ environment_id: lease.environmentId, ...row })
    .onConflict((conflict) =>
      conflict
        .column('environment_id')
        .doUpdateSet({ ...row, ...sleepOf(target) })
        .where('route.fence', '<=', lease.fence),
    )
    .returning('environment_id')
    .execute();
  if (written.length === 0) throw new FencedError(lease.deploymentId);
}

/** Of a route that there is already: what sleeps has served. */
function sleepOf({ mode }: RouteTarget): UpdateObject<Database, 'route'> {
  if (mode === 'serve') return { asleep_since: null, wakes_failed: 0, wake_failed_at: null };
  if (!isAsleep({ mode })) return { asleep_since: null };
  const since = { asleep_since: sql<string>`coalesce(route.asleep_since, now())` };
  if (mode === 'asleep') return since;
  return { ...since, wakes_failed: sql<number>`route.wakes_failed + 1`, wake_failed_at: sql<string>`now()` };
}

/** One statement for all: of a job that begins and ends in the same write, both times are set. None where there is nothing to change. */
export function jobChanges(deploymentId: string, changes: NonNullable<Write['jobs']>): readonly Change[] {
  if (changes.length === 0) return [];
  const jobs = [...new Set(changes.map(({ type }) => type))].map((type) => {
    const own = changes.filter((change) => change.type === type);
    const { status, error = null } = own[own.length - 1] ?? {};
    const started = own.some((change) => change.status === 'running');
    return { type, status, error, started, ended: status !== 'running' };
  });
  const change = sql`
    update job set
      status = change.status,
      error = change.error,
      started_at = case when change.started then clock_timestamp() else started_at end,
      ended_at = case when change.ended then clock_timestamp() else ended_at end
    from jsonb_to_recordset(${toJson(jobs)}::jsonb)
      as change (type text, status text, error text, started boolean, ended boolean)
    where job.deployment_id = ${deploymentId} and job.type = change.type`;
  return [change];
}

/** Jobs that have begun are kept as they are. */
export async function writePlan(
  tx: Kysely<Database>,
  deploymentId: string,
  plan: readonly PlannedJob[],
): Promise<void> {
  await tx
    .deleteFrom('job')
    .where('deployment_id', '=', deploymentId)
    .where('status', '=', 'pending')
    .where(
      'type',
      'not in',
      plan.map(({ type }) => type),
    )
    .execute();
  const rows = plan.map(({ type, order, dependsOn, required }) => ({
    deployment_id: deploymentId,
    type,
    status: 'pending' as const,
    position: order,
    depends_on: toJson(dependsOn),
    required,
  }));
  await tx
    .insertInto('job')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['deployment_id', 'type'])
        .doUpdateSet((planned) => ({
          position: planned.ref('excluded.position'),
          depends_on: planned.ref('excluded.depends_on'),
          required: planned.ref('excluded.required'),
        }))
        .where('job.status', '=', 'pending'),
    )
    .execute();
}

export async function writeInstances(db: Kysely<Database>, changes: readonly InstanceChange[]): Promise<void> {
  await changeTogether(db, instanceChanges(db, changes));
}

/** One for each instance: what is said of it later wins. */
export function instanceChanges(db: Kysely<Database>, changes: readonly InstanceChange[]): readonly Change[] {
  const columns = new Map<string, UpdateObject<Database, 'instance'>>();
  for (const { id, crashedAt, ...change } of changes) {
    const crashed = crashedAt === undefined ? {} : { crashed_at: crashedAt };
    columns.set(id, { ...columns.get(id), ...change, ...crashed });
  }
  return [...columns]
    .filter(([, change]) => Object.keys(change).length > 0)
    .map(([id, change]) => db.updateTable('instance').set(change).where('id', '=', id));
}

export function journalChanges(
  tx: Kysely<Database>,
  lease: Lease,
  entries: readonly JournalEntry[],
): readonly Change[] {
  const { opened, closed } = rowsOf(entries);
  // Of two ends of one step the first is its end.
  const ends = new Map(closed.toReversed().map((entry) => [entry.step, entry]));
  const updates = Array.from(ends.values(), ({ step, status, error }) =>
    tx
      .updateTable('step')
      .set({ status, error: error ?? null, ended_at: sql`clock_timestamp()` })
      .where('deployment_id', '=', lease.deploymentId)
      .where('name', '=', step)
      .where('ended_at', 'is', null),
  );
  if (opened.length === 0) return updates;
  const rows = opened.map(({ step, status, error }) => ({
    deployment_id: lease.deploymentId,
    name: step,
    epoch: lease.epoch,
    status,
    error: error ?? null,
    ended_at: status === 'begun' ? null : sql<string>`clock_timestamp()`,
  }));
  return [...updates, tx.insertInto('step').values(rows)];
}

/** A step that is begun and ended in the same write is one row from the start. */
function rowsOf(entries: readonly JournalEntry[]) {
  const opened: JournalEntry[] = [];
  const closed: JournalEntry[] = [];
  for (const entry of entries) {
    const open = opened.findLastIndex(({ step, status }) => step === entry.step && status === 'begun');
    if (entry.status === 'begun') opened.push(entry);
    else if (open === -1) closed.push(entry);
    else opened[open] = entry;
  }
  return { opened, closed };
}
