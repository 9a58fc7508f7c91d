import { randomUUID } from 'node:crypto';
import { addressRule } from '../../src/drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../../src/drivers/outgoing/outgoing-fetch.ts';
import { createGitHubApps } from '../../src/drivers/provider/github/app/github-apps.ts';
import { createProviders } from '../../src/drivers/provider/open-provider.ts';
import type { ProviderCommands } from '../../src/engine/commands/preview-commands.ts';
import type { PreviewDependencies } from '../../src/engine/commands/previews.ts';
import { providerCommands } from '../../src/engine/commands/providers.ts';
import type { OperatorLog } from '../../src/engine/ports/ports.ts';
import type { OpenProvider } from '../../src/engine/ports/provider.ts';
import type { ProviderStore } from '../../src/engine/ports/provider-store.ts';
import { ProviderCourier } from '../../src/engine/previews/provider-courier.ts';
import { ProviderSurvey } from '../../src/engine/previews/provider-survey.ts';
import { createGitHubAppStore } from '../../src/store/github-app.ts';
import { createProviderStore } from '../../src/store/providers.ts';
import { ProviderStandIn } from '../harness/provider-stand-in.ts';
import { PreviewBench } from './preview-bench.ts';

export const sha = (digit: string) => digit.repeat(40);
const never = AbortSignal.timeout(2 ** 31 - 1);
const random = { id: () => randomUUID(), number: () => 1 };
const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep: async () => undefined };
const fetch = outgoingFetch(addressRule(['127.0.0.0/8']));

/** In place of what there is. */
interface Instead {
  readonly openProvider?: OpenProvider;
  readonly log?: OperatorLog;
}

/** What tells the provider and what asks it, over a real database; the provider is a stand-in on loopback. */
export class ProviderBench implements AsyncDisposable {
  readonly previews: PreviewBench;
  readonly standIn: ProviderStandIn;
  readonly complaints: string[] = [];

  private constructor(previews: PreviewBench, standIn: ProviderStandIn) {
    this.previews = previews;
    this.standIn = standIn;
  }

  static async open(): Promise<ProviderBench> {
    return new ProviderBench(await PreviewBench.open(), await ProviderStandIn.start('github'));
  }

  get db() {
    return this.previews.stores.database.db;
  }

  get store(): ProviderStore {
    return createProviderStore(this.db);
  }

  get commands(): ProviderCommands {
    const { configuration } = this.previews.dependencies;
    const { secretBox } = this.previews.configuration;
    return providerCommands({ configuration, providers: this.store, random, secretBox, wake: () => undefined });
  }

  /** Tells what is new, once. */
  tell(instead: Instead = {}): Promise<void> {
    const told = { previews: this.previews.store, random, urlOf: (host: string) => `http://${host}` };
    return new ProviderCourier({ ...this.#parts(instead), ...told, onDoubt: async () => undefined }).pass(never);
  }

  /** Asks for the pull requests, once. */
  ask({ dependencies = this.previews.dependencies, ...instead }: Instead & AskOptions = {}): Promise<void> {
    return new ProviderSurvey({ ...this.#parts(instead), dependencies }).pass(never);
  }

  #parts({ openProvider = createProviders(fetch), log }: Instead) {
    const { secretBox } = this.previews.configuration;
    const access = { secretBox, githubApp: createGitHubAppStore(this.db), githubApps: createGitHubApps(fetch) };
    const complain = { ...silent, warn: (_: object, text: string) => void this.complaints.push(text) };
    return { ...access, providers: this.store, openProvider, clock, log: log ?? complain, intervalMs: 1 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.standIn[Symbol.asyncDispose]();
    await this.previews[Symbol.asyncDispose]();
  }
}

interface AskOptions {
  readonly dependencies?: PreviewDependencies;
}

const silent: OperatorLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
