import { sql, type Kysely, type Selectable } from 'kysely';
import { isFinal } from '../domain/deployment-state.ts';
import { CutoverError } from '../domain/errors.ts';
import type { Write } from '../engine/ports/deployment-store.ts';
import { endDeployment } from './end-deployment.ts';
import { closeObservation, endedBy, openObservation } from './observation-rows.ts';
import { sendTogether } from './one-statement.ts';
import type { Database, DeploymentTable } from './schema.ts';
import { isOneOf } from './state-literals.ts';

type Row = Pick<Selectable<DeploymentTable>, 'id' | 'project_id' | 'environment_id' | 'number' | 'state'>;
type Writer = Row & Pick<Selectable<DeploymentTable>, 'origin'>;

/** What a write does to other deployments of the environment, and to what is observed there. */
export async function writeOthers(tx: Kysely<Database>, writer: Writer, write: Write): Promise<void> {
  const { becomesCurrent, becomesCurrentAgain, takeOver, observation, retired } = write;
  const observed = observation === undefined && takeOver === undefined ? [] : await otherObservations(tx, writer);
  const named = [becomesCurrentAgain, takeOver?.deploymentId, retired?.deploymentId].filter((id) => id !== undefined);
  const others = await lockOthers(tx, writer, [...named, ...observed.map((open) => open.deployment_id)]);
  if (takeOver !== undefined) await takeOverFrom(tx, writer, { others, observed, write, takeOver });
  if (observation !== undefined) {
    const older = others.filter(({ id }) => observed.some((open) => open.deployment_id === id));
    // Until its switch a rollout leaves what is observed alone.
    if (observation.endsInMs !== undefined)
      for (const other of older) await closeObservation(tx, other, endedBy(writer, other.id));
    await openObservation(tx, writer, observation);
  }
  if (retired !== undefined) {
    const other = find(others, retired.deploymentId);
    await end(tx, writer, { other, reason: retired.reason });
  }
  if (becomesCurrentAgain !== undefined) await serveAgain(tx, writer, find(others, becomesCurrentAgain));
  if (becomesCurrent === true) await makeCurrent(tx, writer.environment_id, writer.id);
}

interface OpenElsewhere {
  readonly deployment_id: string;
  readonly standby_id: string | null;
}

async function otherObservations(tx: Kysely<Database>, writer: Writer): Promise<readonly OpenElsewhere[]> {
  return tx
    .selectFrom('observation')
    .select(['deployment_id', 'standby_id'])
    .where('environment_id', '=', writer.environment_id)
    .where('deployment_id', '<>', writer.id)
    .where('closed_at', 'is', null)
    .execute();
}

/** In one order, and before any row of an observation, so that nobody waits in a circle. */
async function lockOthers(tx: Kysely<Database>, writer: Writer, ids: readonly string[]): Promise<readonly Row[]> {
  if (ids.length === 0) return [];
  return tx
    .selectFrom('deployment')
    .select(['id', 'project_id', 'environment_id', 'number', 'state'])
    .where('id', 'in', ids)
    .where('environment_id', '=', writer.environment_id)
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
}

function find(others: readonly Row[], id: string): Row | null {
  return others.find((other) => other.id === id) ?? null;
}

interface TakeOver {
  readonly others: readonly Row[];
  readonly observed: readonly OpenElsewhere[];
  readonly write: Write;
  readonly takeOver: NonNullable<Write['takeOver']>;
}

/** Only from a version that is kept on standby: whoever closes that observation first has it, the other one comes too late. */
async function takeOverFrom(tx: Kysely<Database>, writer: Writer, change: TakeOver): Promise<void> {
  const { others, observed, write, takeOver } = change;
  const other = find(others, takeOver.deploymentId);
  const holder = observed.find((open) => open.standby_id === takeOver.deploymentId);
  const fresh = holder === undefined ? null : find(others, holder.deployment_id);
  const closed = fresh !== null && (await closeObservation(tx, fresh, endedBy(writer, fresh.id)));
  if (other === null || isFinal(other.state) || !closed) {
    throw new CutoverError('illegal_transition', `#${other?.number ?? '?'} is not on standby any more`);
  }
  await refuseIfEquipped(tx, writer);
  const owner = { deployment_id: writer.id };
  await tx
    .updateTable('instance')
    .set({ ...owner, started_by: sql<string>`coalesce(started_by, deployment_id)` })
    .where('deployment_id', '=', other.id)
    .execute();
  await tx.updateTable('slot').set(owner).where('deployment_id', '=', other.id).execute();
  if (write.becomesCurrentAgain === other.id) return;
  await end(tx, writer, { other, reason: `taken over by #${writer.number}` });
}

/** Two instances of one name, or two slots, cannot be one deployment's. */
async function refuseIfEquipped(tx: Kysely<Database>, writer: Writer): Promise<void> {
  const { rows } = await sql`
    select from instance where deployment_id = ${writer.id}
    union all select from slot where deployment_id = ${writer.id} limit 1`.execute(tx);
  if (rows.length > 0) {
    throw new CutoverError('illegal_transition', `#${writer.number} has instances or a slot of its own already`);
  }
}

/** Ends another deployment of the environment, which no worker leads any more. */
async function end(
  tx: Kysely<Database>,
  writer: Writer,
  { other, reason }: { readonly other: Row | null; readonly reason: string },
): Promise<void> {
  if (other === null || isFinal(other.state)) return;
  const refused = await endDeployment(tx, other, { reason, observation: endedBy(writer, other.id) });
  if (refused !== null) throw new CutoverError('illegal_transition', refused);
}

async function serveAgain(tx: Kysely<Database>, writer: Writer, other: Row | null): Promise<void> {
  if (other === null || isFinal(other.state)) {
    throw new CutoverError('illegal_transition', `#${other?.number ?? '?'} cannot serve again`);
  }
  await makeCurrent(tx, writer.environment_id, other.id);
}

/** Nobody is paused, brought back, put to sleep or woken who does not serve. */
async function makeCurrent(tx: Kysely<Database>, environmentId: string, deploymentId: string): Promise<void> {
  await sendTogether(tx, [
    tx
      .updateTable('deployment')
      .set({ want: null, wanted_by: null })
      .where('environment_id', '=', environmentId)
      .where('id', '<>', deploymentId)
      .where('want', 'in', ['pause', 'resume', 'sleep', 'wake'])
      .where(isOneOf('state', ['completed', 'paused'])),
    tx.updateTable('environment').set({ current_deployment_id: deploymentId }).where('id', '=', environmentId),
  ]);
}
