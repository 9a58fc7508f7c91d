import { sql, type Kysely, type RawBuilder } from 'kysely';
import { defaultPreviewSettings, type PreviewSettings } from '../domain/preview-settings.ts';
import { sleepOfDeploymentUrl, wakeBackoff } from '../domain/sleep.ts';
import type { Sleeper, SleepStore } from '../engine/ports/sleep-store.ts';
import { isActive } from './active-deployments.ts';
import { isContractDue } from './contract-due.ts';
import type { Database } from './schema.ts';
import { notify } from './wakeups.ts';

export function createSleepStore(db: Kysely<Database>): SleepStore {
  return {
    sleepers: () => readSleepers(db),
    requestSleep: (deploymentId) => requestSleep(db, deploymentId),
    requestWake: (hosts) => wantAwake(db, sql`select environment_id from host where host = any(${hosts}::text[])`),
    forgiveFailedWakes: () => forgiveFailedWakes(db),
  };
}

interface SleeperRow extends Omit<Sleeper, 'sleepAfterMs'> {
  readonly value: Partial<PreviewSettings> | null;
  readonly ofDeployment: boolean;
}

async function readSleepers(db: Kysely<Database>): Promise<readonly Sleeper[]> {
  const { rows } = await sql<SleeperRow>`
    select e.id as "environmentId", d.id as "deploymentId", s.number as slot, r.mode, setting.value,
      p.subject ->> 'kind' = 'deployment' as "ofDeployment"
    from preview p
    join environment e on e.id = p.environment_id and not e.deleting
    join deployment d on d.id = e.current_deployment_id and d.state = 'completed' and d.artifact ->> 'type' = 'image'
    join slot s on s.deployment_id = d.id
    join route r on r.environment_id = e.id
    left join preview_setting setting on setting.project_id = p.project_id`.execute(db);
  return rows.map(({ value, ofDeployment, ...row }) => {
    const { sleepAfterMs } = { ...defaultPreviewSettings, ...value };
    return { ...row, sleepAfterMs: ofDeployment ? sleepOfDeploymentUrl(sleepAfterMs) : sleepAfterMs };
  });
}

async function requestSleep(db: Kysely<Database>, deploymentId: string): Promise<boolean> {
  const { rows } = await sql`
    update deployment d set want = 'sleep', wanted_by = null
    from environment e join route r on r.environment_id = e.id
    where d.id = ${deploymentId} and ${isIdle} and e.current_deployment_id = d.id and not e.deleting
      and r.mode = 'serve' and r.candidate is null and not ${isContractDue('d')}
      and not exists (
        select from deployment other where other.environment_id = d.environment_id
          and (other.state = 'pending' or (other.id <> d.id and ${isActive('other')}))
      )
      and not exists (select from observation o where o.environment_id = d.environment_id and o.closed_at is null)
    returning ${notify(sql`d.id::text`)}`.execute(db);
  return rows.length > 0;
}

/** Nobody wants anything of it, and nobody does anything to it. */
const isIdle = sql<boolean>`d.state = 'completed' and d.want is null and not d.acting`;

/**
 * Whoever deploys to what sleeps wakes it first, so that somebody is there until the new version is; also to what is just falling asleep,
 * whose end waits for this transaction.
 */
export async function wakeForDeployment(tx: Kysely<Database>, environmentId: string): Promise<void> {
  await sql`
    select from deployment d where d.want = 'sleep' and d.environment_id = ${environmentId}
    for no key update`.execute(tx);
  await wantAwake(tx, sql`select ${environmentId}::uuid`);
}

/** `environments`: a query for their ids. */
async function wantAwake(db: Kysely<Database>, environments: RawBuilder<unknown>): Promise<void> {
  await sql`
    update deployment d set want = 'wake', wanted_by = null
    from environment e join route r on r.environment_id = e.id
    where e.id in (${environments}) and ${isIdle} and e.current_deployment_id = d.id and not e.deleting
      and r.mode = 'asleep'
      and not exists (
        select from deployment other
        where other.environment_id = d.environment_id and other.id <> d.id and ${isActive('other')}
      )
    returning ${notify(sql`d.id::text`)}`.execute(db);
}

/** Something was triggered while it fell asleep: then it wakes for that. */
export function wantAfterSleep(environmentId: string): RawBuilder<'wake' | null> {
  return sql`case when exists (
    select from route r join deployment waiting on waiting.environment_id = r.environment_id
    where r.environment_id = ${environmentId} and r.mode = 'asleep' and waiting.state = 'pending'
  ) then 'wake' end`;
}

/** By the database's clock; where that was set back, nobody waits for it. */
async function forgiveFailedWakes(db: Kysely<Database>): Promise<readonly string[]> {
  const { firstMs, mostMs } = wakeBackoff;
  const { rows } = await sql<{ id: string }>`
    update route set mode = 'asleep'
    where mode = 'unwoken' and not exists (
      select from deployment d
      where d.environment_id = route.environment_id and (d.state = 'pending' or ${isActive('d')})
    ) and (
      wake_failed_at > now()
      -- A power that is too large is an error.
      or wake_failed_at + least(${firstMs} * power(2, least(wakes_failed, 32) - 1), ${mostMs}) * interval '1 millisecond' <= now()
    )
    returning environment_id as id`.execute(db);
  return rows.map(({ id }) => id);
}
