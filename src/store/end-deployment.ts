import { transition, type DeploymentState } from '../domain/deployment-state.ts';
import type { Kysely } from 'kysely';
import { skipContract } from './contract-due.ts';
import { closeObservation, type ObservationEnd } from './observation-rows.ts';
import type { Database } from './schema.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';

interface Ending {
  /** Part of the state, for people. */
  readonly reason: string;
  /** How its observation ends, where it is open. */
  readonly observation: ObservationEnd;
}

/**
 * Ends a deployment that no worker leads any more, with everything that hangs on it. The caller holds the row's lock. Resolves to why that
 * is not legal; null when it is done.
 */
export async function endDeployment(
  tx: Kysely<Database>,
  row: { readonly id: string; readonly project_id: string; readonly state: DeploymentState },
  { reason, observation }: Ending,
): Promise<string | null> {
  const result = transition(row.state, { type: 'stopped' });
  if (!result.ok) return result.message;
  await tx
    .updateTable('deployment')
    .set({ state: result.state, reason, paused_from: null, acting: false, want: null, wanted_by: null })
    .where('id', '=', row.id)
    .execute();
  await closeObservation(tx, row, observation);
  await skipContract(tx, row, reason);
  await appendTimeline(tx, row, [{ kind: 'state.changed', from: row.state, to: result.state, reason }]);
  await notifyAll(tx, row.id);
  return null;
}
