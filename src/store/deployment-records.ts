import { sql, type Kysely } from 'kysely';
import type { SlotNumber } from '../domain/route.ts';
import {
  FencedError,
  type DeploymentRecord,
  type EnvironmentRoute,
  type Lease,
  type NewInstance,
} from '../engine/ports/deployment-store.ts';
import { selectDeployments, toDeployment, toInstance, toJob, type DeploymentRow } from './deployment-rows.ts';
import type { Database } from './schema.ts';

export async function readRecord(db: Kysely<Database>, deploymentId: string): Promise<DeploymentRecord | null> {
  const row = await selectDeployments(db).where('d.id', '=', deploymentId).executeTakeFirst();
  return row === undefined ? null : complete(db, row);
}

export async function readPredecessors(db: Kysely<Database>, lease: Lease): Promise<readonly DeploymentRecord[]> {
  const rows = await selectDeployments(db)
    .where('d.environment_id', '=', lease.environmentId)
    .where('d.id', '<>', lease.deploymentId)
    .where('d.state', 'in', ['completed', 'paused'])
    .orderBy('d.number')
    .execute();
  return Promise.all(rows.map((row) => complete(db, row)));
}

async function complete(db: Kysely<Database>, row: DeploymentRow): Promise<DeploymentRecord> {
  const [jobs, instances, slot] = await Promise.all([
    db.selectFrom('job').selectAll().where('deployment_id', '=', row.id).orderBy('position').execute(),
    db.selectFrom('instance').selectAll().where('deployment_id', '=', row.id).orderBy('ordinal').execute(),
    db.selectFrom('slot').select('number').where('deployment_id', '=', row.id).executeTakeFirst(),
  ]);
  return {
    deployment: toDeployment(row),
    jobs: jobs.map(toJob),
    instances: instances.map(toInstance),
    slot: slot?.number ?? null,
    verdict: row.verdict,
    want: row.want,
    sealedVariables: row.sealed_variables,
    counterBaseline: row.counter_baseline,
    serves: row.serves,
  };
}

export async function readRoute(db: Kysely<Database>, environmentId: string): Promise<EnvironmentRoute | null> {
  const environment = await db
    .selectFrom('environment as e')
    .leftJoin('route as r', 'r.environment_id', 'e.id')
    .select(['e.id', 'e.deleting', 'r.stable', 'r.candidate', 'r.share'])
    .where('e.id', '=', environmentId)
    .executeTakeFirst();
  if (environment === undefined) return null;
  const hosts = await db
    .selectFrom('host')
    .select('host')
    .where('environment_id', '=', environmentId)
    .orderBy('position')
    .execute();
  const { stable, candidate, share, deleting } = environment;
  return {
    hosts: hosts.map((row) => row.host),
    // Whoever is being deleted gets no visitors any more, whatever its route said.
    target: stable === null || deleting ? null : { stable, candidate, share: share ?? 0 },
  };
}

export async function addInstances(
  db: Kysely<Database>,
  lease: Lease,
  instances: readonly NewInstance[],
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await assertEpoch(tx, lease);
    await tx
      .insertInto('instance')
      .values(
        instances.map((instance) => ({ ...instance, deployment_id: lease.deploymentId, phase: 'starting' as const })),
      )
      .onConflict((conflict) => conflict.columns(['deployment_id', 'process', 'ordinal']).doNothing())
      .execute();
  });
}

const slotLock = 0x534c4f54;

/** Slots are handed out one at a time, the lowest free one first, so that the pool stays dense. */
export async function takeSlot(db: Kysely<Database>, lease: Lease, capacity: number): Promise<SlotNumber | null> {
  return db.transaction().execute(async (tx) => {
    await assertEpoch(tx, lease);
    await sql`select pg_advisory_xact_lock(${slotLock})`.execute(tx);
    const owned = await tx
      .selectFrom('slot')
      .select('number')
      .where('deployment_id', '=', lease.deploymentId)
      .executeTakeFirst();
    if (owned !== undefined) return owned.number;
    const free = await sql<{ number: number }>`
      select n as number from generate_series(1, ${capacity}::int) as n
      where not exists (select 1 from slot where slot.number = n) order by n limit 1`.execute(tx);
    const number = free.rows[0]?.number;
    if (number === undefined) return null;
    await tx.insertInto('slot').values({ number, deployment_id: lease.deploymentId }).execute();
    return number;
  });
}

async function assertEpoch(tx: Kysely<Database>, lease: Lease): Promise<void> {
  const row = await tx
    .selectFrom('deployment')
    .select('epoch')
    .where('id', '=', lease.deploymentId)
    .forUpdate()
    .executeTakeFirst();
  if (row?.epoch !== lease.epoch) throw new FencedError(lease.deploymentId);
}
