import { wakeBackoff } from '../../../../src/domain/sleep.ts';
import type { Sleeper, SleepStore } from '../../../../src/engine/ports/sleep-store.ts';
import { isContractDue } from './contract-due.ts';
import type { MemoryDatabase } from './database.ts';
import { changeDeployment, isActive, isPending, otherActive, serves } from './deployment-rows.ts';
import type { DeploymentRow } from './rows.ts';
import type { Connection, Transaction } from './transaction.ts';

/** Environments of these names may sleep, where `sleepAfterMs` of the database says so: there are no previews. */
const sleeping: ReadonlySet<string> = new Set(['staging', 'preview']);

export function memorySleepStore(connection: Connection): SleepStore {
  return {
    sleepers: async () => readSleepers(connection.read().db),
    requestSleep: (deploymentId) => connection.transact((tx) => requestSleep(tx, deploymentId)),
    requestWake: (hosts) =>
      connection.transact((tx) => {
        for (const host of hosts) wantAwake(tx, tx.db.hosts.get(host) ?? '');
      }),
    forgiveFailedWakes: () => connection.transact(forgiveFailedWakes),
  };
}

function readSleepers(db: MemoryDatabase): readonly Sleeper[] {
  return db.environments.all().flatMap(({ environment, deleting }): readonly Sleeper[] => {
    const row = db.deployments.get(environment.currentDeploymentId ?? '');
    const route = db.routes.get(environment.id);
    const slot = db.slots.where('deployment', row?.deployment.id ?? '')[0]?.number ?? null;
    const runs = row?.deployment.state === 'completed' && row.deployment.artifact?.type === 'image';
    if (deleting || !runs || route === undefined || slot === null || !sleeping.has(environment.name)) return [];
    const { mode } = route.target;
    const deploymentId = row.deployment.id;
    return [{ environmentId: environment.id, deploymentId, slot, mode, sleepAfterMs: db.sleepAfterMs }];
  });
}

function requestSleep({ db }: Transaction, deploymentId: string): boolean {
  const row = db.deployments.get(deploymentId);
  if (row === undefined || !isIdle(db, row) || isContractDue(db, row)) return false;
  const { environmentId } = row.deployment;
  const target = db.routes.get(environmentId)?.target;
  const others = db.deployments.where('live', environmentId).filter((other) => other !== row);
  if (target?.mode !== 'serve' || target.candidate !== null) return false;
  if (others.some((other) => isPending(other) || isActive(other))) return false;
  if (db.observations.where('open', environmentId).length > 0) return false;
  changeDeployment(db, row, { want: 'sleep', wantedBy: null });
  db.tell(deploymentId);
  return true;
}

/** Whoever deploys to what sleeps wakes it first. */
export function wantAwake({ db }: Transaction, environmentId: string): void {
  const current = db.environments.get(environmentId)?.environment.currentDeploymentId ?? '';
  const row = db.deployments.get(current);
  if (row === undefined || !isIdle(db, row) || otherActive(db, row) !== null) return;
  if (db.routes.get(environmentId)?.target.mode !== 'asleep') return;
  changeDeployment(db, row, { want: 'wake', wantedBy: null });
  db.tell(current);
}

/** Nobody wants anything of what serves, and nobody does anything to it. */
function isIdle(db: MemoryDatabase, row: DeploymentRow): boolean {
  const { state, environmentId } = row.deployment;
  const deleting = db.environments.get(environmentId)?.deleting !== false;
  return state === 'completed' && row.want === null && !row.acting && serves(db, row) && !deleting;
}

/** Something was triggered while it fell asleep: then it wakes for that. */
export function wantAfterSleep(db: MemoryDatabase, environmentId: string): 'wake' | null {
  if (db.routes.get(environmentId)?.target.mode !== 'asleep') return null;
  return db.deployments.where('live', environmentId).some(isPending) ? 'wake' : null;
}

function forgiveFailedWakes({ db, now }: Transaction): readonly string[] {
  const { firstMs, mostMs } = wakeBackoff;
  return db.environments.all().flatMap(({ environment: { id } }) => {
    const route = db.routes.get(id);
    const deployed = db.deployments.where('live', id).some((row) => isPending(row) || isActive(row));
    if (route?.target.mode !== 'unwoken' || deployed) return [];
    const { wakesFailed = 1, wakeFailedAt = now } = route;
    const until = wakeFailedAt + Math.min(firstMs * 2 ** (wakesFailed - 1), mostMs);
    if (wakeFailedAt <= now && until > now) return [];
    db.routes.put(id, { ...route, target: { ...route.target, mode: 'asleep' }, revision: db.nextSerial() });
    return [id];
  });
}
