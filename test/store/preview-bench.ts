import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Project } from '../../src/domain/project.ts';
import type { DeliveryOutcome } from '../../src/domain/webhook.ts';
import type { Preview } from '../../src/domain/preview.ts';
import type { ProjectCommands } from '../../src/engine/commands/commands.ts';
import type { PreviewCommands } from '../../src/engine/commands/preview-commands.ts';
import { applyPreviewEvent, type PreviewEvent } from '../../src/engine/commands/preview-events.ts';
import { previewCommands, type PreviewDependencies } from '../../src/engine/commands/previews.ts';
import { PreviewKeeper } from '../../src/engine/previews/preview-keeper.ts';
import type { PreviewStore } from '../../src/engine/ports/preview-store.ts';
import { createPreviewStore } from '../../src/store/previews.ts';
import {
  configurationBench,
  owner,
  repository,
  type ConfigurationBench,
} from '../conformance/store/configuration-bench.ts';
import { openPostgresStores, type PostgresStores } from './postgres-stores.ts';

const image = { type: 'image', imageId: `sha256:${'1'.repeat(64)}`, digest: null };
const never = AbortSignal.timeout(2 ** 31 - 1);

/** The commands and the keeper of previews over a real database, without anybody who carries deployments out. */
export class PreviewBench implements AsyncDisposable {
  readonly stores: PostgresStores;
  readonly configuration: ConfigurationBench;
  readonly store: PreviewStore;
  /** Epoch ms. */
  now = Date.now();
  dependencies: PreviewDependencies;
  keeper: PreviewKeeper;
  readonly complaints: unknown[] = [];

  private constructor(stores: PostgresStores) {
    this.stores = stores;
    this.configuration = configurationBench(stores.configuration);
    this.store = createPreviewStore(stores.database.db);
    this.keeper = this.newKeeper();
    this.dependencies = this.#dependencies();
  }

  static async open(): Promise<PreviewBench> {
    const bench = new PreviewBench(await openPostgresStores());
    await bench.projects.create(owner, { name: 'my-app', repository });
    return bench;
  }

  get projects(): ProjectCommands {
    return this.configuration.commands.projects;
  }

  get commands(): PreviewCommands {
    return previewCommands(this.dependencies);
  }

  project(name = 'my-app'): Promise<Project> {
    return this.projects.get(owner, name);
  }

  /** What a webhook tells. */
  async apply(event: PreviewEvent, project = 'my-app'): Promise<DeliveryOutcome> {
    const [outcome] = await applyPreviewEvent(this.dependencies, { project: await this.project(project), event });
    return outcome ?? assert.fail('nothing is told of it');
  }

  async environments(project = 'my-app'): Promise<readonly string[]> {
    const list = await this.configuration.commands.environments.list(owner, project);
    return list.filter(({ kind }) => kind === 'preview').map(({ name }) => name);
  }

  /** What the reconciler does with environments that are to go: what serves is not in this bench. */
  async takeDown(): Promise<void> {
    for (const deletion of await this.stores.world.deletions()) {
      await this.stores.world.askToEnd(deletion);
      await this.stores.world.erase(deletion);
    }
  }

  pass(): Promise<void> {
    return this.keeper.pass(never);
  }

  previews(): Promise<readonly Preview[]> {
    return this.project().then(({ id }) => this.store.list(id, true));
  }

  async deployments(environment: string): Promise<readonly (string | null)[]> {
    const project = await this.project();
    const found = await this.stores.configuration.environments.find(project.id, environment);
    if (found === null) return [];
    const list = await this.stores.queries.list({ projectId: project.id, environmentId: found.id, limit: 100 });
    return list.map(({ source }) => (source.kind === 'git' ? source.requestedCommit : null)).toReversed();
  }

  /** Somebody has carried out the newest deployment there. Resolves to its number. */
  async complete(environment: string): Promise<number> {
    const { db } = this.stores.database;
    const { rows } = await sql<{ number: number }>`
      with newest as (
        select d.id, d.environment_id, d.number from deployment d join environment e on e.id = d.environment_id
        where e.name = ${environment} order by d.number desc limit 1
      ), done as (
        update deployment set state = 'completed', artifact = ${JSON.stringify(image)}::jsonb where id in (select id from newest)
      ), current as (
        update environment e set current_deployment_id = newest.id from newest where e.id = newest.environment_id
      )
      select number from newest`.execute(db);
    return rows[0]?.number ?? assert.fail(`nothing was deployed to ${environment}`);
  }

  /** As after a restart; `broken`: what of the store is not as it is. */
  newKeeper(broken: Partial<PreviewStore> = {}): PreviewKeeper {
    const { stores, configuration } = this;
    return new PreviewKeeper({
      advance: {
        configuration: stores.configuration,
        previews: { ...this.store, ...broken },
        deployments: stores.deployments,
        queries: stores.queries,
        random,
        secretBox: configuration.secretBox,
        baseDomain: 'example.test',
        wake: () => undefined,
      },
      clock: { now: () => this.now, monotonic: () => performance.now(), sleep: async () => undefined },
      log: { info: () => undefined, warn: (fields) => void this.complaints.push(fields), error: () => undefined },
      intervalMs: 1_000,
      wakeReconciler: () => undefined,
    });
  }

  #dependencies(): PreviewDependencies {
    return {
      configuration: this.stores.configuration,
      previews: this.store,
      keeper: { advance: (id) => this.keeper.advance(id), wake: () => undefined },
      random,
      urlOf: (host) => `http://${host}`,
      checkBranch: () => undefined,
      wakeReconciler: () => undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stores[Symbol.asyncDispose]();
  }
}

const random = { id: () => randomUUID(), number: () => 0.5 };
