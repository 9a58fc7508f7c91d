import type { DeploymentState } from '../../../../src/domain/deployment-state.ts';
import type { Instance } from '../../../../src/domain/deployment.ts';
import type { SlotNumber } from '../../../../src/domain/route.ts';
import type {
  DeploymentRecord,
  EnvironmentRoute,
  Lease,
  NewInstance,
  SealedCredential,
  Held,
} from '../../../../src/engine/ports/deployment-store.ts';
import { isContractDue } from './contract-due.ts';
import type { MemoryDatabase } from './database.ts';
import { byNumber, serves } from './deployment-rows.ts';
import { openObservationOf } from './observation-rows.ts';
import type { DeploymentRow } from './rows.ts';
import type { Transaction } from './transaction.ts';
import { held } from './write-deployment.ts';

export function readRecord(tx: Transaction, deploymentId: string): DeploymentRecord | null {
  const row = tx.db.deployments.get(deploymentId);
  return row === undefined ? null : toRecord(tx, row);
}

export function readPredecessors(tx: Transaction, { environmentId, deploymentId }: Lease): readonly DeploymentRecord[] {
  return inStates(tx, environmentId, ['completed', 'paused']).filter(
    ({ deployment }) => deployment.id !== deploymentId,
  );
}

export function readAlive(tx: Transaction, environmentId: string): readonly DeploymentRecord[] {
  return inStates(tx, environmentId, ['running', 'deploying', 'ready', 'completed', 'paused']);
}

/** Oldest first. */
function inStates(
  tx: Transaction,
  environmentId: string,
  states: readonly DeploymentState[],
): readonly DeploymentRecord[] {
  const rows = tx.db.deployments.where('live', environmentId);
  return rows
    .filter(({ deployment }) => states.includes(deployment.state))
    .toSorted(byNumber)
    .map((row) => toRecord(tx, row));
}

function toRecord(tx: Transaction, row: DeploymentRow): DeploymentRecord {
  const { id } = row.deployment;
  const observation = openObservationOf(tx, id);
  return {
    deployment: row.deployment,
    jobs: row.jobs,
    instances: instancesOf(tx.db, id),
    slot: slotOf(tx.db, id),
    verdict: row.verdict,
    want: row.want,
    wantedVerdict: row.wantedVerdict,
    contractDue: isContractDue(tx.db, row),
    sealedVariables: row.sealedVariables,
    sealedCredential: sealedCredentialOf(tx, row),
    counterBaseline: row.counterBaseline,
    serves: serves(tx.db, row),
    standbyId: observation?.standbyId ?? null,
    observed: observation?.view ?? null,
  };
}

function sealedCredentialOf({ db }: Transaction, { deployment }: DeploymentRow): SealedCredential | null {
  const row = db.credentials.get(deployment.projectId);
  return row === undefined ? null : { id: row.id, sealed: row.sealed };
}

/** By process and number. */
export function instancesOf(db: MemoryDatabase, deploymentId: string): readonly Instance[] {
  const instances = db.instances.where('deployment', deploymentId);
  if (instances.length < 2) return instances;
  return instances.toSorted((a, b) =>
    a.process === b.process ? a.ordinal - b.ordinal : a.process < b.process ? -1 : 1,
  );
}

export function slotOf(db: MemoryDatabase, deploymentId: string): SlotNumber | null {
  return db.slots.where('deployment', deploymentId)[0]?.number ?? null;
}

export function readRoute(tx: Transaction, environmentId: string): EnvironmentRoute | null {
  const row = tx.db.environments.get(environmentId);
  if (row === undefined) return null;
  const { target = null, revision = null } = tx.db.routes.get(environmentId) ?? {};
  return {
    hosts: row.environment.hosts,
    // Whoever is being deleted gets no visitors any more, whatever its route said.
    target: row.deleting ? null : target,
    guard: null,
    held: target?.mode === 'held' ? readHeld(tx, environmentId) : null,
    revision,
  };
}

/** The last time that requests were told to wait. */
function readHeld({ db, now }: Transaction, environmentId: string): Held | null {
  const told = db.deployments
    .where('live', environmentId)
    .flatMap(({ deployment }) => db.timelines.get(deployment.id) ?? [])
    .reduce<(Held & { readonly id: number }) | null>((last, { id, at, entry }) => {
      if (entry.kind !== 'traffic.held' || (last !== null && last.id > id)) return last;
      return { id, forMs: now - Date.parse(at), since: entry.uptime ?? null };
    }, null);
  return told === null ? null : { forMs: told.forMs, since: told.since };
}

/** Existing ones are left. Resolves to those asked for, as they are now. */
export function addInstances(tx: Transaction, lease: Lease, instances: readonly NewInstance[]): readonly Instance[] {
  const { db } = tx;
  const { id: deploymentId } = held(tx, lease).deployment;
  for (const instance of instances) {
    const { process, ordinal } = instance;
    const known = db.instances.where('deployment', deploymentId);
    if (known.some((one) => one.process === process && one.ordinal === ordinal)) continue;
    db.instances.put(instance.id, {
      ...instance,
      deploymentId,
      startedBy: deploymentId,
      phase: 'starting',
      address: null,
      restarts: 0,
      crashedAt: null,
    });
  }
  return db.instances
    .where('deployment', deploymentId)
    .filter((one) => instances.some(({ process, ordinal }) => one.process === process && one.ordinal === ordinal));
}

/** The lowest free one first, so that the pool stays dense. */
export function takeSlot(tx: Transaction, lease: Lease, capacity: number): SlotNumber | null {
  const { db } = tx;
  const { id: deploymentId } = held(tx, lease).deployment;
  const owned = slotOf(db, deploymentId);
  if (owned !== null) return owned;
  let number = 1;
  while (number <= capacity && db.slots.get(String(number)) !== undefined) number += 1;
  if (number > capacity) return null;
  db.slots.put(String(number), { number, deploymentId });
  return number;
}
