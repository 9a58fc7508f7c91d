import type { Kysely } from 'kysely';
import type { CachedArtifact, DeploymentStore } from '../engine/ports/deployment-store.ts';
import { requestCancel } from './cancel-deployment.ts';
import { requestPause, requestResume, requestTakeBack } from './want-deployment.ts';
import { claimDeployment, heartbeat, readWanted, releaseLease } from './claim-deployment.ts';
import { createDeployment } from './create-deployment.ts';
import {
  addInstances,
  readAlive,
  readPredecessors,
  readRecord,
  readRoute,
  drawRevision,
} from './deployment-records.ts';
import { readRegistryCredential } from './registries.ts';
import { requestRollback } from './request-rollback.ts';
import { toJson, type Database } from './schema.ts';
import { SlotTaker } from './take-slot.ts';
import { writeDeployment } from './write-deployment.ts';

/** The journal and the queue, in PostgreSQL. */
export function createDeploymentStore(db: Kysely<Database>): DeploymentStore {
  const slots = new SlotTaker(db);
  return {
    create: (input) => createDeployment(db, input),
    claim: (request) => claimDeployment(db, request),
    heartbeat: (leases, leaseMs) => heartbeat(db, leases, leaseMs),
    wanted: (leases) => readWanted(db, leases),
    release: (lease, delayMs) => releaseLease(db, lease, delayMs),
    write: (lease, write) => writeDeployment(db, lease, write),
    addInstances: (lease, instances) => addInstances(db, lease, instances),
    takeSlot: (lease, capacity) => slots.take(lease, capacity),
    record: (deploymentId) => readRecord(db, deploymentId),
    predecessors: (lease) => readPredecessors(db, lease),
    alive: (environmentId) => readAlive(db, environmentId),
    route: (environmentId) => readRoute(db, environmentId),
    drawRevision: () => drawRevision(db),
    requestCancel: (deploymentId) => requestCancel(db, deploymentId),
    requestPause: (deploymentId, by) => requestPause(db, deploymentId, by),
    requestResume: (deploymentId, by) => requestResume(db, deploymentId, by),
    requestRollback: (request) => requestRollback(db, request),
    requestTakeBack: (deploymentId, verdict) => requestTakeBack(db, deploymentId, verdict),
    registryCredential: (projectId, host) => readRegistryCredential(db, projectId, host),
    findArtifact: (imageKey) => findArtifact(db, imageKey),
    saveArtifact: (imageKey, projectId, cached) => saveArtifact(db, { imageKey, projectId, cached }),
  };
}

async function findArtifact(db: Kysely<Database>, imageKey: string): Promise<CachedArtifact | null> {
  const row = await db
    .selectFrom('artifact')
    .select(['artifact', 'base_images', 'app_config'])
    .where('image_key', '=', imageKey)
    .executeTakeFirst();
  return row === undefined ? null : { artifact: row.artifact, baseImages: row.base_images, appConfig: row.app_config };
}

async function saveArtifact(
  db: Kysely<Database>,
  {
    imageKey,
    projectId,
    cached,
  }: { readonly imageKey: string; readonly projectId: string; readonly cached: CachedArtifact },
): Promise<void> {
  const columns = {
    artifact: toJson(cached.artifact),
    base_images: toJson(cached.baseImages),
    app_config: toJson(cached.appConfig),
  };
  await db
    .insertInto('artifact')
    .values({ image_key: imageKey, project_id: projectId, ...columns })
    .onConflict((conflict) => conflict.column('image_key').doUpdateSet(columns))
    .execute();
}
