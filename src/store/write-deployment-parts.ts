import { sql, type Kysely } from 'kysely';
import type { RouteTarget } from '../domain/route.ts';
import {
  FencedError,
  type InstanceChange,
  type JournalEntry,
  type Lease,
  type Write,
} from '../engine/ports/deployment-store.ts';
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
  const row = { fence: lease.fence, stable: target.stable, candidate: target.candidate, share: target.share };
  const written = await tx
    .insertInto('route')
    .values({ environment_id: lease.environmentId, ...row })
    .onConflict((conflict) =>
      conflict.column('environment_id').doUpdateSet(row).where('route.fence', '<=', lease.fence),
    )
    .returning('environment_id')
    .execute();
  if (written.length === 0) throw new FencedError(lease.deploymentId);
}

export async function writeJobs(tx: Kysely<Database>, deploymentId: string, write: Write): Promise<void> {
  const deployJob = write.plannedDeployJob;
  if (deployJob !== undefined) {
    await tx
      .updateTable('job')
      .set({ type: deployJob })
      .where('deployment_id', '=', deploymentId)
      .where('type', 'in', ['DeployImageJob', 'DeployStaticJob'])
      .execute();
    await tx
      .updateTable('job')
      .set({ depends_on: toJson([deployJob]) })
      .where('deployment_id', '=', deploymentId)
      .where('type', '=', 'MarkDeploymentCompleteJob')
      .execute();
  }
  for (const { type, status, error } of write.jobs ?? []) {
    const time = status === 'running' ? 'started_at' : 'ended_at';
    await tx
      .updateTable('job')
      .set({ status, error: error ?? null, [time]: sql`clock_timestamp()` })
      .where('deployment_id', '=', deploymentId)
      .where('type', '=', type)
      .execute();
  }
}

export async function writeInstances(tx: Kysely<Database>, changes: readonly InstanceChange[]): Promise<void> {
  for (const { id, ...change } of changes) {
    if (Object.keys(change).length > 0) await tx.updateTable('instance').set(change).where('id', '=', id).execute();
  }
}

export async function writeJournal(
  tx: Kysely<Database>,
  lease: Lease,
  entries: readonly JournalEntry[],
): Promise<void> {
  for (const { step, status, error } of entries) {
    if (status === 'begun') {
      await tx
        .insertInto('step')
        .values({ deployment_id: lease.deploymentId, name: step, epoch: lease.epoch, status })
        .execute();
      continue;
    }
    await tx
      .updateTable('step')
      .set({ status, error: error ?? null, ended_at: sql`clock_timestamp()` })
      .where('deployment_id', '=', lease.deploymentId)
      .where('name', '=', step)
      .where('ended_at', 'is', null)
      .execute();
  }
}
