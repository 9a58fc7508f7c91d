import { sql, type Kysely } from 'kysely';
import type { DeploymentOrigin } from '../domain/deployment.ts';
import type { ObservationOutcome } from '../domain/observation.ts';
import type { OpenedObservation } from '../engine/ports/deployment-store.ts';
import { skipContract } from './contract-due.ts';
import { sendTogether } from './one-statement.ts';
import type { Database } from './schema.ts';
import { timelineRows } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

/** The deployment that an observation is of; its row is locked before the observation's, by everybody. */
interface Observed {
  readonly id: string;
  readonly project_id: string;
}

export interface ObservationEnd {
  readonly outcome: ObservationOutcome;
  readonly message: string;
}

/** With what depends on how it ends. Resolves to false when there is none that is open. */
export async function closeObservation(
  tx: Kysely<Database>,
  observed: Observed,
  end: ObservationEnd,
): Promise<boolean> {
  const closed = await tx
    .updateTable('observation')
    .set({ ...end, closed_at: sql`clock_timestamp()`, owner: null, lease_until: null })
    .where('deployment_id', '=', observed.id)
    .where('closed_at', 'is', null)
    .returning('deployment_id')
    .execute();
  if (closed.length === 0) return false;
  await sendTogether(tx, [timelineRows(tx, observed, [{ kind: 'observation.ended', ...end }])]);
  if (end.outcome !== 'passed') await skipContract(tx, observed, end.message);
  await notifyAll(tx, observed.id);
  return true;
}

interface Opener extends Observed {
  readonly environment_id: string;
}

/** Done again it changes nothing; one that is closed stays so. */
export async function openObservation(
  tx: Kysely<Database>,
  opener: Opener,
  { standbyId, endsInMs }: OpenedObservation,
): Promise<void> {
  const opened = tx
    .insertInto('observation')
    .values({ deployment_id: opener.id, environment_id: opener.environment_id, standby_id: standbyId })
    .onConflict((conflict) =>
      conflict
        .column('deployment_id')
        .doUpdateSet({ standby_id: standbyId })
        .where('observation.closed_at', 'is', null),
    );
  await sendTogether(tx, [opened]);
  if (endsInMs === undefined) return;
  const switched = tx
    .updateTable('observation')
    .set({
      switched_at: sql<string>`coalesce(observation.switched_at, clock_timestamp())`,
      ends_at: sql<string>`coalesce(observation.ends_at, clock_timestamp() + ${endsInMs} * interval '1 millisecond')`,
    })
    .where('deployment_id', '=', opener.id)
    .where('closed_at', 'is', null);
  await sendTogether(tx, [switched]);
}

/** How an observation ends when another deployment switches. */
export function endedBy(
  { number, origin }: { readonly number: number; readonly origin: DeploymentOrigin | null },
  observedId: string,
): ObservationEnd {
  const rolledBack = origin?.kind === 'rollback' && origin.from?.deploymentId === observedId;
  return rolledBack
    ? { outcome: 'rolled-back', message: `rolled back by #${number}` }
    : { outcome: 'superseded', message: `superseded by #${number}` };
}
