import { sql, type Kysely } from 'kysely';
import type { SlotNumber } from '../domain/route.ts';
import {
  FencedError,
  type DeploymentRecord,
  type EnvironmentRoute,
  type Lease,
  type NewInstance,
} from '../engine/ports/deployment-store.ts';
import { isContractDue } from './contract-due.ts';
import { selectDeployments, toDeployment, toInstance, toJob, toRoute, type DeploymentRow } from './deployment-rows.ts';
import type { Database } from './schema.ts';

export async function readRecord(db: Kysely<Database>, deploymentId: string): Promise<DeploymentRecord | null> {
  const [row, parts] = await Promise.all([
    selectDeployments(db)
      .select(isContractDue('d').as('contract_due'))
      .where('d.id', '=', deploymentId)
      .executeTakeFirst(),
    readParts(db, deploymentId),
  ]);
  if (row === undefined) return null;
  const record = toRecord(row, parts);
  return row.contract_due ? { ...record, want: record.want ?? 'contract' } : record;
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

export async function readAlive(db: Kysely<Database>, environmentId: string): Promise<readonly DeploymentRecord[]> {
  const rows = await selectDeployments(db)
    .where('d.environment_id', '=', environmentId)
    .where('d.state', 'in', ['running', 'deploying', 'ready', 'completed', 'paused'])
    .orderBy('d.number')
    .execute();
  return Promise.all(rows.map((row) => complete(db, row)));
}

async function complete(db: Kysely<Database>, row: DeploymentRow): Promise<DeploymentRecord> {
  return toRecord(row, await readParts(db, row.id));
}

type Parts = Pick<DeploymentRecord, 'jobs' | 'instances' | 'slot' | 'standbyId' | 'observed'>;

async function readParts(db: Kysely<Database>, deploymentId: string): Promise<Parts> {
  const [jobs, instances, slot, observation] = await Promise.all([
    db.selectFrom('job').selectAll().where('deployment_id', '=', deploymentId).orderBy('position').execute(),
    db
      .selectFrom('instance')
      .selectAll()
      .where('deployment_id', '=', deploymentId)
      .orderBy('process')
      .orderBy('ordinal')
      .execute(),
    db.selectFrom('slot').select('number').where('deployment_id', '=', deploymentId).executeTakeFirst(),
    db
      .selectFrom('observation')
      .select(['standby_id', 'view'])
      .where('deployment_id', '=', deploymentId)
      .where('closed_at', 'is', null)
      .executeTakeFirst(),
  ]);
  return {
    jobs: jobs.map(toJob),
    instances: instances.map(toInstance),
    slot: slot?.number ?? null,
    standbyId: observation?.standby_id ?? null,
    observed: observation?.view ?? null,
  };
}

function toRecord(row: DeploymentRow, parts: Parts): DeploymentRecord {
  return {
    ...parts,
    deployment: toDeployment(row),
    verdict: row.verdict,
    want: row.want,
    wantedVerdict: row.wanted_verdict,
    sealedVariables: row.sealed_variables,
    counterBaseline: row.counter_baseline,
    serves: row.serves,
  };
}

export async function readRoute(db: Kysely<Database>, environmentId: string): Promise<EnvironmentRoute | null> {
  const [environment, hosts] = await Promise.all([
    db
      .selectFrom('environment as e')
      .leftJoin('route as r', 'r.environment_id', 'e.id')
      .select(['e.id', 'e.deleting', 'r.stable', 'r.candidate', 'r.share', 'r.mode', 'r.observed'])
      .where('e.id', '=', environmentId)
      .executeTakeFirst(),
    db.selectFrom('host').select('host').where('environment_id', '=', environmentId).orderBy('position').execute(),
  ]);
  if (environment === undefined) return null;
  return {
    hosts: hosts.map((row) => row.host),
    // Whoever is being deleted gets no visitors any more, whatever its route said.
    target: environment.deleting ? null : toRoute(environment),
    heldForMs: environment.mode === 'held' ? await readHeldFor(db, environmentId) : null,
  };
}

/** Since the last time that requests were told to wait; asked only while they do. */
async function readHeldFor(db: Kysely<Database>, environmentId: string): Promise<number | null> {
  const result = await sql<{ ms: number | null }>`
    select (extract(epoch from clock_timestamp() - max(t.at)) * 1000)::float8 as ms
    from timeline t join deployment d on d.id = t.deployment_id
    where d.environment_id = ${environmentId} and t.entry ->> 'kind' = 'traffic.held'
      and d.state not in ('failed', 'cancelled', 'stopped')`.execute(db);
  return result.rows[0]?.ms ?? null;
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
