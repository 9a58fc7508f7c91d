import type { DeploymentStore } from '../../../../src/engine/ports/deployment-store.ts';
import { claimDeployment, heartbeat, readWanted, releaseLease } from './claim-deployment.ts';
import { createDeployment } from './create-deployment.ts';
import { addInstances, readAlive, readPredecessors, readRecord, readRoute, takeSlot } from './deployment-records.ts';
import { registryKey } from './registries.ts';
import { requestRollback } from './request-rollback.ts';
import type { Connection } from './transaction.ts';
import { requestCancel, requestPause, requestResume, requestTakeBack } from './want-deployment.ts';
import { writeDeployment } from './write-deployment.ts';

/** The journal and the queue, in memory. */
export function memoryDeploymentStore(connection: Connection): DeploymentStore {
  return {
    create: (input) => connection.transact((tx) => createDeployment(tx, input)),
    claim: (request) => connection.transact((tx) => claimDeployment(tx, request)),
    heartbeat: (leases, leaseMs) => connection.transact((tx) => heartbeat(tx, leases, leaseMs)),
    wanted: async (leases) => readWanted(connection.read(), leases),
    release: (lease, delayMs) => connection.transact((tx) => releaseLease(tx, lease, delayMs)),
    write: (lease, write) =>
      connection.transact((tx) => writeDeployment(tx, lease, write), {
        slotsOf: [write.freeSlotOf, write.takeOver?.deploymentId],
        instancesOf: [write.takeOver?.deploymentId],
        instances: write.instances ?? [],
      }),
    addInstances: (lease, instances) => connection.transact((tx) => addInstances(tx, lease, instances)),
    takeSlot: (lease, capacity) => connection.transact((tx) => takeSlot(tx, lease, capacity)),
    record: async (deploymentId) => readRecord(connection.read(), deploymentId),
    predecessors: async (lease) => readPredecessors(connection.read(), lease),
    alive: async (environmentId) => readAlive(connection.read(), environmentId),
    route: async (environmentId) => readRoute(connection.read(), environmentId),
    drawRevision: async () => connection.read().db.nextSerial(),
    requestCancel: (deploymentId) => connection.transact((tx) => requestCancel(tx, deploymentId)),
    requestPause: (deploymentId, by) => connection.transact((tx) => requestPause(tx, deploymentId, by)),
    requestResume: (deploymentId, by) => connection.transact((tx) => requestResume(tx, deploymentId, by)),
    requestRollback: (request) => connection.transact((tx) => requestRollback(tx, request)),
    requestTakeBack: (deploymentId, verdict) => connection.transact((tx) => requestTakeBack(tx, deploymentId, verdict)),
    async registryCredential(projectId, host) {
      const row = connection.read().db.registries.get(registryKey(projectId, host));
      return row === undefined ? null : { id: row.id, sealed: row.sealed };
    },
    findArtifact: async (imageKey) => connection.read().db.artifacts.get(imageKey)?.cached ?? null,
    saveArtifact: (imageKey, projectId, cached) =>
      connection.transact(({ db }) => {
        const owner = db.artifacts.get(imageKey)?.projectId ?? projectId;
        db.artifacts.put(imageKey, { cached, projectId: owner });
      }),
  };
}
