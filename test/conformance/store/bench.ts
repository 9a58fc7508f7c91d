import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyAppConfig } from '../../../src/domain/app-config.ts';
import type { Artifact } from '../../../src/domain/artifact.ts';
import { defaultBuildSettings } from '../../../src/domain/build-settings.ts';
import type { DeploymentOrigin } from '../../../src/domain/deployment.ts';
import { defaultEnvironmentSettings } from '../../../src/domain/environment-settings.ts';
import { pipeline } from '../../../src/domain/job.ts';
import type { DeploymentSource } from '../../../src/domain/source.ts';
import type { Deletion, DeploymentStore, Lease } from '../../../src/engine/ports/deployment-store.ts';
import type { OpenHarness, StoreHarness } from './harness.ts';

export interface TriggerOptions {
  readonly branch?: string;
  readonly key?: string;
  readonly token?: string;
  readonly request?: string;
  readonly origin?: DeploymentOrigin;
  readonly artifact?: Artifact;
  readonly onceKey?: string;
  readonly autoDeployHeld?: string;
  /** By a push, in place of somebody. */
  readonly pushed?: true;
  /** In place of a branch. */
  readonly source?: DeploymentSource;
}

export const token = randomUUID();

/** A database with one project and two environments, and a live owner who can claim. */
export class StoreBench {
  readonly owner = 4711;
  readonly projectId = randomUUID();
  readonly production = randomUUID();
  readonly staging = randomUUID();
  readonly #openHarness: OpenHarness;
  #harness: StoreHarness | null = null;
  readonly #opened = new AsyncDisposableStack();

  constructor(openHarness: OpenHarness) {
    this.#openHarness = openHarness;
  }

  get harness(): StoreHarness {
    assert.ok(this.#harness !== null, 'the bench is open');
    return this.#harness;
  }
  get deployments() {
    return this.harness.deployments;
  }
  get queries() {
    return this.harness.queries;
  }
  get world() {
    return this.harness.world;
  }
  get observations() {
    return this.harness.observations;
  }
  get sleep() {
    return this.harness.sleep;
  }
  get configuration() {
    return this.harness.configuration;
  }

  async open(): Promise<void> {
    this.#harness = this.#opened.use(await this.#openHarness());
    this.#opened.use(await this.#harness.openSession(this.owner));
    await this.configuration.projects.create(
      { id: this.projectId, name: 'shop', repository, build: defaultBuildSettings },
      this.#environment('production'),
    );
    await this.configuration.environments.create(this.projectId, this.#environment('staging'));
  }

  close(): Promise<void> {
    return this.#opened.disposeAsync();
  }

  /** As if nothing had ever been deployed; the numbers go on. */
  async reset(): Promise<void> {
    for (const name of ['production', 'staging'] as const) {
      await this.markDeleting(name);
      await this.world.erase(this.deletionOf(name));
      await this.configuration.environments.create(this.projectId, this.#environment(name));
    }
    for (const { deploymentId } of (await this.world.desired()).slots) await this.world.freeSlot(deploymentId);
  }

  /** Triggers a deployment and resolves to its id. */
  async trigger(environmentId: string, options?: TriggerOptions): Promise<string> {
    return (await this.create(environmentId, options)).deploymentId;
  }

  create(environmentId: string, options: TriggerOptions = {}): ReturnType<DeploymentStore['create']> {
    const { branch = 'main', key, request = 'same', origin, onceKey, autoDeployHeld } = options;
    return this.deployments.create({
      id: randomUUID(),
      projectId: this.projectId,
      environmentId,
      kind: origin?.kind ?? 'git',
      origin: origin ?? null,
      artifact: options.artifact ?? null,
      onceKey: onceKey ?? null,
      ...(autoDeployHeld === undefined ? {} : { autoDeployHeld }),
      source: options.source ?? { kind: 'git', repository, branch, requestedCommit: null, commit: null },
      trigger: { kind: options.pushed === true ? 'push' : 'manual', by: 'test', noCache: false },
      configuration: {
        build: defaultBuildSettings,
        settings: defaultEnvironmentSettings,
        appConfig: emptyAppConfig,
        hosts: ['shop.localhost'],
      },
      sealedVariables: 'sealed',
      jobs: pipeline({ kind: 'git', target: 'image', release: false, contract: false }),
      idempotency: key === undefined ? null : { key, tokenId: options.token ?? token, requestHash: request },
    });
  }

  claim(leading: readonly string[] = [], owner: number = this.owner): Promise<Lease | null> {
    return this.deployments.claim({ owner, leaseMs, leading });
  }

  markDeleting(name: 'production' | 'staging'): Promise<boolean> {
    return this.configuration.environments.markDeleting(this.projectId, name);
  }

  deletionOf(name: 'production' | 'staging'): Deletion {
    return {
      kind: 'environment',
      id: this[name],
      projectId: this.projectId,
      projectName: 'shop',
      environmentName: name,
      deployments: [],
      hosts: [],
    };
  }

  #environment(name: 'production' | 'staging') {
    return { id: this[name], name, settings: defaultEnvironmentSettings, hosts: [`${name}.shop.test`] };
  }
}

/** Long enough for a slow machine: where a lease is to end, the test ends it. */
export const leaseMs = 30_000;

const repository = 'https://example.com/shop.git';

/** Asks again and again until it is so, for at most half a minute; resolves to the last answer. */
export async function eventually<T>(ask: () => Promise<T> | T, isSo: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  let answer = await ask();
  while (!isSo(answer) && Date.now() < deadline) {
    await sleep(5);
    answer = await ask();
  }
  return answer;
}
