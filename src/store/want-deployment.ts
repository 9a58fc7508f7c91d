import { sql, type Kysely } from 'kysely';
import { isRolledOut, transition, type DeploymentState } from '../domain/deployment-state.ts';
import { CutoverError } from '../domain/errors.ts';
import type { Verdict, Want } from '../engine/ports/deployment-store.ts';
import { otherActive } from './active-deployments.ts';
import { toJson, type Database } from './schema.ts';
import { notifyAll } from './wakeups.ts';

/** Asks the worker of a rollout, or whoever claims what serves, to hold it. */
export async function requestPause(db: Kysely<Database>, deploymentId: string, by: string): Promise<void> {
  await ask(db, { deploymentId, want: 'pause', by }, async (tx, row) => {
    const result = transition(row.state, { type: 'paused' });
    if (!result.ok) refuse(row, `is ${row.state} and cannot be paused: only what is rolled out or serves can`);
    if (row.state !== 'completed') return;
    if (!row.serves) refuse(row, 'does not serve any more, so there is nothing to pause');
    await refuseWhileAnotherIsActive(tx, row);
  });
}

/** Asks for a paused deployment to be claimed and brought back. */
export async function requestResume(db: Kysely<Database>, deploymentId: string, by: string): Promise<void> {
  await ask(db, { deploymentId, want: 'resume', by }, async (tx, row) => {
    if (row.state !== 'paused') refuse(row, `is ${row.state} and cannot be resumed: only what is paused can`);
    if (row.paused_from !== 'completed') return;
    if (!row.serves) refuse(row, 'has been replaced, so it cannot be resumed');
    await refuseWhileAnotherIsActive(tx, row);
  });
}

/** Asks the worker of a rollout, also of one that is held, to take it back; false when it is no rollout. */
export async function requestTakeBack(db: Kysely<Database>, deploymentId: string, verdict: Verdict): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const row = await lockForWant(tx, deploymentId);
    return row !== undefined && wantTakenBack(tx, row, verdict);
  });
}

/** What a user wants to be deleted ends as deleted; every other wish gives way. The caller holds the row's lock. */
export async function wantTakenBack(tx: Kysely<Database>, row: WantedRow, verdict: Verdict): Promise<boolean> {
  if (!isRolledOut({ state: row.state, pausedFrom: row.paused_from })) return false;
  if (row.want === 'delete' || row.want === 'take-back' || row.verdict !== null) return true;
  await tx
    .updateTable('deployment')
    .set({ want: 'take-back', wanted_verdict: toJson(verdict), wanted_by: null })
    .where('id', '=', row.id)
    .execute();
  await notifyAll(tx, row.id);
  return true;
}

type WantedRow = NonNullable<Awaited<ReturnType<typeof lockForWant>>>;

interface Wish {
  readonly deploymentId: string;
  readonly want: 'pause' | 'resume';
  readonly by: string;
}

async function ask(
  db: Kysely<Database>,
  { deploymentId, want, by }: Wish,
  check: (tx: Kysely<Database>, row: WantedRow) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const row = await lockForWant(tx, deploymentId);
    if (row === undefined) throw new CutoverError('not_found', 'there is no such deployment');
    if (row.deleting) refuse(row, 'is being deleted');
    await check(tx, row);
    if (row.want === want) return;
    if (row.verdict !== null || row.want !== null) refuse(row, describeBusy(row.want, want));
    await tx.updateTable('deployment').set({ want, wanted_by: by }).where('id', '=', row.id).execute();
    await notifyAll(tx, row.id);
  });
}

export async function lockForWant(tx: Kysely<Database>, deploymentId: string) {
  return tx
    .selectFrom('deployment as d')
    .innerJoin('environment as e', 'e.id', 'd.environment_id')
    .select([
      'd.id',
      'd.project_id',
      'd.environment_id',
      'd.number',
      'd.state',
      'd.paused_from',
      'd.want',
      'd.verdict',
      'e.deleting',
    ])
    .select(sql<boolean>`coalesce(e.current_deployment_id = d.id, false)`.as('serves'))
    .where('d.id', '=', deploymentId)
    .forUpdate('d')
    .executeTakeFirst();
}

async function refuseWhileAnotherIsActive(tx: Kysely<Database>, row: WantedRow): Promise<void> {
  const other = await otherActive(tx, row);
  if (other !== null) refuse(row, `has to wait until #${other.number}, which is being rolled out, has come to its end`);
}

function describeBusy(present: Want | null, wanted: Wish['want']): string {
  if (present === 'pause') return 'is about to be paused: resume it when it is';
  if (present === 'resume') return 'is about to be resumed: pause it when it is';
  if (present === 'sleep') return 'is just falling asleep: try again in a moment';
  if (present === 'wake') return 'is just waking: try again in a moment';
  return `is being taken back and cannot be ${wanted}d any more`;
}

function refuse({ number }: { readonly number: number; readonly state: DeploymentState }, why: string): never {
  throw new CutoverError('illegal_transition', `#${number} ${why}`);
}
