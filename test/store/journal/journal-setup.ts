import { randomUUID } from 'node:crypto';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import type { DeploymentOrigin } from '../../../src/domain/deployment.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { pipeline } from '../../../src/domain/job.ts';
import type { DeploymentStore, Lease } from '../../../src/engine/ports/deployment-store.ts';
import type { OpenDatabase } from '../../../src/store/database.ts';
import { createDeploymentStore } from '../../../src/store/deployments.ts';
import { toJson } from '../../../src/store/schema.ts';
import { WakeupSession } from '../../../src/store/wakeups.ts';
import { startTestPostgres, type TestPostgres } from '../../harness/postgres.ts';

/** A database with one project and two environments, and a live owner who can claim. */
export interface JournalBench extends AsyncDisposable {
  readonly postgres: TestPostgres;
  readonly database: OpenDatabase;
  readonly store: DeploymentStore;
  readonly owner: number;
  readonly session: WakeupSession;
  readonly projectId: string;
  readonly production: string;
  readonly staging: string;
  /** Triggers a deployment and resolves to its id. */
  trigger(environmentId: string, options?: TriggerOptions): Promise<string>;
  create(environmentId: string, options?: TriggerOptions): ReturnType<DeploymentStore['create']>;
  claim(leading?: readonly string[]): Promise<Lease | null>;
  /** As if nothing had ever been deployed. */
  reset(): Promise<void>;
}

export interface TriggerOptions {
  readonly branch?: string;
  readonly key?: string;
  readonly request?: string;
  readonly origin?: DeploymentOrigin;
  readonly onceKey?: string;
  readonly autoDeployHeld?: string;
}

export const token = randomUUID();

export async function journalBench(): Promise<JournalBench> {
  const postgres = await startTestPostgres();
  const database = await postgres.open();
  const store = createDeploymentStore(database.db);
  const owner = 4711;
  const session = new WakeupSession({ connection: postgres.address, owner, onWakeup: () => {}, onLost: () => {} });
  await session.open();
  const projectId = randomUUID();
  const [production, staging] = [randomUUID(), randomUUID()];
  await database.db
    .insertInto('project')
    .values({
      id: projectId,
      name: 'shop',
      repository: 'https://example.com/shop.git',
      build: toJson(defaultBuildSettings),
    })
    .execute();
  for (const [id, name] of [
    [production, 'production'],
    [staging, 'staging'],
  ] as const) {
    await database.db
      .insertInto('environment')
      .values({ id, project_id: projectId, name, settings: toJson(defaultEnvironmentSettings) })
      .execute();
  }
  return {
    postgres,
    database,
    store,
    owner,
    session,
    projectId,
    production,
    staging,
    trigger: async (environmentId, options) => (await create(environmentId, options)).deploymentId,
    create,
    claim: (leading = []) => store.claim({ owner, leaseMs: 10_000, leading }),
    async reset() {
      for (const table of ['route', 'deployment', 'slot'] as const) await database.db.deleteFrom(table).execute();
      await database.db
        .updateTable('environment')
        .set({ current_deployment_id: null, auto_deploy_held: null, deleting: false })
        .execute();
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    },
  };

  async function create(environmentId: string, options: TriggerOptions = {}) {
    const { branch = 'main', key, request = 'same', origin, onceKey, autoDeployHeld } = options;
    return store.create({
      id: randomUUID(),
      projectId,
      environmentId,
      kind: origin?.kind ?? 'git',
      origin: origin ?? null,
      artifact: null,
      onceKey: onceKey ?? null,
      ...(autoDeployHeld === undefined ? {} : { autoDeployHeld }),
      source: {
        kind: 'git',
        repository: 'https://example.com/shop.git',
        branch,
        requestedCommit: null,
        commit: null,
      },
      trigger: { kind: 'manual', by: 'test', noCache: false },
      configuration: {
        build: defaultBuildSettings,
        settings: defaultEnvironmentSettings,
        appConfig: emptyAppConfig,
        hosts: ['shop.localhost'],
      },
      sealedVariables: '',
      jobs: pipeline({ kind: 'git', target: 'image', release: false, contract: false }),
      idempotency: key === undefined ? null : { key, tokenId: token, requestHash: request },
    });
  }
}
