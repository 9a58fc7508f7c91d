import { randomUUID } from 'node:crypto';
import { emptyAppConfig } from '../../src/domain/app-config.ts';
import type { Artifact } from '../../src/domain/artifact.ts';
import { defaultBuildSettings } from '../../src/domain/build-settings.ts';
import type { DeploymentState } from '../../src/domain/deployment-state.ts';
import { nothingMeasured } from '../../src/domain/measurements.ts';
import { defaultEnvironmentSettings } from '../../src/domain/environment-settings.ts';
import type { RetentionStore } from '../../src/engine/ports/retention-store.ts';
import type { OpenDatabase } from '../../src/store/database.ts';
import { createRetentionStore } from '../../src/store/retention.ts';
import { toJson } from '../../src/store/schema.ts';
import { startTestPostgres } from '../harness/postgres.ts';

export interface Past {
  readonly environment?: string;
  readonly state?: DeploymentState;
  readonly artifact?: Artifact | null;
  readonly completed?: boolean;
  /** Days since its end. */
  readonly daysAgo?: number;
}

/** A database with two environments of one project, and deployments as the test wants them. */
export interface RetentionBench extends AsyncDisposable {
  readonly database: OpenDatabase;
  readonly store: RetentionStore;
  readonly projectId: string;
  /** Resolves to its id; numbered in the order of the calls. */
  add(past?: Past): Promise<string>;
  serves(deploymentId: string): Promise<void>;
  built(artifact: Artifact): Promise<void>;
}

export const image = (name: string, sizeBytes = 100): Artifact => ({
  type: 'image',
  imageId: `sha256:${name}`,
  sizeBytes,
  exposedPorts: [],
});
export const bundle = (name: string): Artifact => ({ type: 'bundle', bundle: name, sizeBytes: 7, spa: false });

export async function retentionBench(): Promise<RetentionBench> {
  const postgres = await startTestPostgres();
  const database = await postgres.open();
  const { db } = database;
  const projectId = randomUUID();
  const environments: Record<string, string> = { production: randomUUID(), staging: randomUUID() };
  let number = 0;
  await db
    .insertInto('project')
    .values({
      id: projectId,
      name: 'shop',
      repository: 'https://example.com/s.git',
      build: toJson(defaultBuildSettings),
    })
    .execute();
  for (const [name, id] of Object.entries(environments))
    await db
      .insertInto('environment')
      .values({ id, project_id: projectId, name, settings: toJson(defaultEnvironmentSettings) })
      .execute();
  return {
    database,
    store: createRetentionStore(db),
    projectId,
    async add({ environment = 'production', state = 'stopped', artifact = null, completed = true, daysAgo = 0 } = {}) {
      number += 1;
      const id = randomUUID();
      const at = new Date(Date.now() - daysAgo * 86_400_000).toISOString();
      await db
        .insertInto('deployment')
        .values({
          id,
          project_id: projectId,
          environment_id: environments[environment] ?? '',
          number,
          kind: 'git',
          state,
          source: toJson({ kind: 'git', repository: '', branch: 'main', requestedCommit: null, commit: null }),
          trigger: toJson({ kind: 'manual', by: 'test', noCache: false }),
          configuration: toJson({
            build: defaultBuildSettings,
            settings: defaultEnvironmentSettings,
            appConfig: emptyAppConfig,
            hosts: [],
          }),
          artifact: artifact === null ? null : toJson(artifact),
          measurements: toJson({ ...nothingMeasured, gateMs: 4 }),
          sealed_variables: '',
          branch: 'main',
          production: true,
          created_at: at,
          completed_at: completed ? at : null,
          finished_at: at,
        })
        .execute();
      await db
        .insertInto('timeline')
        .values({
          deployment_id: id,
          project_id: projectId,
          at,
          entry: toJson({ kind: 'job.started', job: 'BuildImageJob' }),
        })
        .execute();
      return id;
    },
    async serves(deploymentId) {
      await db
        .updateTable('environment')
        .set({ current_deployment_id: deploymentId })
        .where('name', '=', 'production')
        .execute();
    },
    async built(artifact) {
      await db
        .insertInto('artifact')
        .values({
          image_key: randomUUID(),
          artifact: toJson(artifact),
          base_images: toJson({}),
          app_config: toJson(emptyAppConfig),
          project_id: projectId,
        })
        .execute();
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    },
  };
}
