import { sql, type Kysely } from 'kysely';
import type { RollbackRequest } from '../engine/ports/deployment-store.ts';
import { answeredBefore, rememberAnswer } from './idempotency.ts';
import type { Database } from './schema.ts';
import { supersede } from './supersede.ts';
import { appendTimeline } from './timeline-rows.ts';
import { notifyAll } from './wakeups.ts';
import { lockForWant, wantTakenBack } from './want-deployment.ts';

/** See `DeploymentStore.requestRollback`. */
export async function requestRollback(db: Kysely<Database>, request: RollbackRequest): Promise<boolean> {
  const { deploymentId, to, by } = request;
  return db.transaction().execute(async (tx) => {
    await lockProjectOf(tx, deploymentId);
    const answer = await answeredBefore(tx, request.idempotency);
    if (answer !== null) return answer === deploymentId;
    const row = await lockForWant(tx, deploymentId);
    if (row === undefined || row.deleting || !(await keepsRunning(tx, row, to.deploymentId))) return false;
    const reason = `rolled back to #${to.number} by ${by}`;
    if (!(await wantTakenBack(tx, row, { outcome: 'failed', code: 'rolled_back', reason }))) return false;
    await rememberAnswer(tx, request.idempotency, deploymentId);
    // Whoever goes back wants nothing newer; but what he goes back to may have been found bad meanwhile.
    const waiting = { environmentId: row.environment_id, branch: null, sparesAutomatic: true } as const;
    await supersede(tx, waiting, `${reason}, from #${row.number}`);
    await tx
      .updateTable('environment')
      .set({ auto_deploy_held: reason })
      .where('id', '=', row.environment_id)
      .execute();
    await appendTimeline(tx, row, [{ kind: 'rollback.decided', to: to.number, reason: `asked for by ${by}` }]);
    await notifyAll(tx, row.id);
    return true;
  });
}

/** As every trigger, so that idempotency keys cannot race. */
async function lockProjectOf(tx: Kysely<Database>, deploymentId: string): Promise<void> {
  await sql`
    select from project where id = (select project_id from deployment where id = ${deploymentId}) for update`.execute(
    tx,
  );
}

/**
 * Whether the version before is there to go back to, and stays so: until the switch, and after it while it is on standby. One that is not
 * kept may be stopping already.
 */
async function keepsRunning(
  tx: Kysely<Database>,
  rollout: { readonly id: string; readonly serves: boolean },
  beforeId: string,
): Promise<boolean> {
  if (!rollout.serves) return true;
  const standby = await tx
    .selectFrom('observation')
    .select('deployment_id')
    .where('deployment_id', '=', rollout.id)
    .where('standby_id', '=', beforeId)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  return standby !== undefined;
}
