import type { WorldStore } from '../../../../src/engine/ports/deployment-store.ts';
import { recordCrash, recordRecovery } from './crashes.ts';
import { askToEnd, readDeletions } from './deletions.ts';
import { readDesired } from './desired-world.ts';
import { leftovers } from './leftovers.ts';
import { endDeployment } from './end-deployment.ts';
import { eraseUnheld, whileDeleting } from './held-deletions.ts';
import { whileFree, whileOwning } from './slot-owners.ts';
import { whileStopped } from './stopped-instances.ts';
import type { Connection, Transaction } from './transaction.ts';
import { freeSlotOf, writeInstances } from './write-deployment-parts.ts';

/** What should exist, for the reconciler, and how things that are to go end. */
export function memoryWorldStore(connection: Connection): WorldStore {
  return {
    desired: async () => readDesired(connection.read()),
    updateInstances: (changes) => connection.transact(({ db }) => writeInstances(db, changes), { instances: changes }),
    stopTelling: (afterMs) => connection.transact((tx) => stopTelling(tx, afterMs)),
    freeSlot: (deploymentId) =>
      connection.transact(({ db }) => freeSlotOf(db, deploymentId), { slotsOf: [deploymentId] }),
    whileOwning: (owner, work) => whileOwning(connection, owner, work),
    whileFree: (slot, work) => whileFree(connection, slot, work),
    whileStopped: (instanceIds, work) => whileStopped(connection, instanceIds, work),
    projectNames: async () =>
      connection
        .read()
        .db.projects.all()
        .map(({ project }) => project.name),
    deletions: async () => readDeletions(connection.read()),
    leftovers: async (deletion) => leftovers(connection.read(), deletion),
    askToEnd: (deletion) => connection.transact((tx) => askToEnd(tx, deletion)),
    crashed: (instanceId, exit) => connection.transact((tx) => recordCrash(tx, instanceId, exit)),
    recovered: (instanceId) => connection.transact((tx) => recordRecovery(tx, instanceId)),
    stopServing: (deploymentId, reason) =>
      connection.transact((tx) => stopServing(tx, deploymentId, reason), {
        slotsOf: [deploymentId],
        instancesOf: [deploymentId],
      }),
    whileDeleting: (deletion, work) => whileDeleting(connection, deletion, work),
    erase: (deletion) => eraseUnheld(connection, deletion),
  };
}

function stopServing(tx: Transaction, deploymentId: string, reason: string): void {
  const { db } = tx;
  const row = db.deployments.get(deploymentId);
  if (row === undefined) return;
  // What is over already is left as it is.
  if (endDeployment(tx, row, { reason, observation: { outcome: 'interrupted', message: reason } }) !== null) return;
  for (const instance of db.instances.where('deployment', deploymentId))
    db.instances.put(instance.id, { ...instance, phase: 'stopped' });
  freeSlotOf(db, deploymentId);
}

/** The observation of a version that was taken back is closed, and its end verified a while after that. */
function stopTelling({ db, now }: Transaction, afterMs: number): void {
  for (const { environment } of db.environments.all()) {
    const route = db.routes.get(environment.id);
    if (route === undefined || !route.target.observed || route.target.candidate !== null) continue;
    const recent = db.observations
      .where('environment', environment.id)
      .some(({ closedAt }) => closedAt === null || closedAt > now - afterMs);
    if (recent) continue;
    const target = { ...route.target, observed: false };
    db.routes.put(environment.id, { ...route, target, revision: db.nextSerial() });
  }
}
