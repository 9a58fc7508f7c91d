import { randomUUID } from 'node:crypto';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { gitPipeline } from '../../../src/domain/job.ts';
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
  trigger(
    environmentId: string,
    options?: { readonly branch?: string; readonly key?: string; readonly request?: string },
  ): Promise<string>;
  claim(leading?: readonly string[]): Promise<Lease | null>;
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
    async trigger(environmentId, { branch = 'main', key, request = 'same' } = {}) {
      const { deploymentId } = await store.create({
        id: randomUUID(),
        projectId,
        environmentId,
        source: {
          kind: 'git',
          repository: 'https://example.com/shop.git',
          branch,
          requestedCommit: null,
          commit: null,
        },
        trigger: { kind: 'manual', by: 'test', noCache: false },
        configuration: { build: defaultBuildSettings, settings: defaultEnvironmentSettings, hosts: ['shop.localhost'] },
        sealedVariables: '',
        jobs: gitPipeline('image'),
        idempotency: key === undefined ? null : { key, tokenId: token, requestHash: request },
      });
      return deploymentId;
    },
    claim: (leading = []) => store.claim({ owner, leaseMs: 10_000, leading }),
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    },
  };
}
