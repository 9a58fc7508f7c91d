import { randomUUID } from 'node:crypto';
import { composeWebhooks, type Webhooks } from '../../src/daemon/webhooks.ts';
import type { WebhookDelivery } from '../../src/domain/webhook.ts';
import type { IncomingDelivery, ReceivedDelivery, Webhook } from '../../src/engine/commands/webhook-commands.ts';
import type { ApplyInstallationEvent } from '../../src/engine/commands/installation-events.ts';
import type { WorkDependencies } from '../../src/engine/commands/webhook-work.ts';
import { createWebhookStore } from '../../src/store/webhooks.ts';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import { systemRandom } from '../../src/drivers/clock/system-random.ts';
import { configurationBench, owner, type ConfigurationBench } from '../conformance/store/configuration-bench.ts';
import { githubSignature } from '../harness/github-deliveries.ts';
import { openPostgresStores, type PostgresStores } from '../store/postgres-stores.ts';
import { withoutPreviews } from './without-previews.ts';

const waitMs = 20_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Webhooks as the daemon composes them, over a database of their own; deployments are recorded, and led by nobody. */
export class WebhookStage implements AsyncDisposable {
  readonly stores: PostgresStores;
  readonly configuration: ConfigurationBench;
  readonly webhooks: Webhooks;
  /** What follows from an event of the App's installation; by default nothing. */
  installationEvent: ApplyInstallationEvent = async () => [];
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;

  private constructor(stores: PostgresStores) {
    this.stores = stores;
    this.configuration = configurationBench(stores.configuration);
    this.webhooks = this.another();
  }

  static async open(): Promise<WebhookStage> {
    return new WebhookStage(await openPostgresStores());
  }

  /** As another control plane on the same database has them. */
  another(): Webhooks {
    const { stores, configuration } = this;
    const ports = { clock: systemClock, random: systemRandom, secretBox: configuration.secretBox };
    return composeWebhooks({
      db: stores.database.db,
      ports: { ...ports, deployments: stores.deployments },
      configuration: stores.configuration,
      applyPreviewEvent: withoutPreviews,
      applyInstallationEvent: (event) => this.installationEvent(event),
      log: silent,
      wake: () => undefined,
    });
  }

  /** For the work on a delivery that is to be broken off. */
  workDependencies(): WorkDependencies {
    const { database, deployments, configuration } = this.stores;
    const { secretBox } = this.configuration;
    const common = { random: systemRandom, secretBox, deployments, configuration, wake: () => undefined };
    return {
      ...common,
      store: createWebhookStore(database.db),
      applyPreviewEvent: withoutPreviews,
      applyInstallationEvent: (event) => this.installationEvent(event),
    };
  }

  /** From now on deliveries are worked on. */
  work(webhooks = this.webhooks): void {
    const run = webhooks.run(this.#stop.signal);
    this.#running = Promise.all([this.#running, run]).then(() => undefined);
  }

  async project(name: string, repository = `https://git.example.test/team/${name}.git`): Promise<Webhook> {
    await this.configuration.commands.projects.create(owner, { name, repository });
    return this.webhooks.commands.putHook(owner, { project: name }, { replace: false });
  }

  /** Signed as GitHub does. */
  deliver(
    hook: Webhook,
    event: string,
    payload: unknown,
    change: Partial<SentDelivery> = {},
  ): Promise<ReceivedDelivery> {
    const body = JSON.stringify(payload);
    const headers = {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': githubSignature(body, hook.secret),
      ...change.headers,
    };
    return this.send(hook, { provider: 'github', headers, body: change.body ?? body });
  }

  send(hook: Webhook, { provider, headers, body }: SentDelivery): Promise<ReceivedDelivery> {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    return this.webhooks.commands.receive({ provider, hookId: hook.id, headers, body: async () => bytes });
  }

  deliveries(project: string | null, limit = 200): Promise<readonly WebhookDelivery[]> {
    return this.webhooks.commands.deliveries(owner, project, { limit });
  }

  /** The delivery when it is worked on. */
  async worked(id: string, project: string | null = null): Promise<WebhookDelivery> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const delivery = await this.webhooks.commands.delivery(owner, project, id);
      if (delivery.state !== 'pending') return delivery;
      if (performance.now() > deadline) throw new Error(`nobody works on ${id}: ${JSON.stringify(delivery)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Branch, commit and trigger of each deployment of the project, oldest first. */
  async deployments(project: string) {
    const found = await this.stores.configuration.projects.find(project);
    const list = await this.stores.queries.list({ projectId: found?.id ?? '', limit: 200 });
    return list.toReversed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.stores[Symbol.asyncDispose]();
  }
}

export type SentDelivery = Pick<IncomingDelivery, 'provider' | 'headers'> & {
  readonly body: string | Uint8Array;
};
