import { setTimeout as sleep } from 'node:timers/promises';
import type { WireDeployment, WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import type { WireLogPage } from '../../src/contract/schemas/log.ts';
import type { WireTimelineEntry } from '../../src/contract/schemas/timeline.ts';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';

export interface ApiAddress {
  readonly apiUrl: string;
  readonly token: string;
}

type WireEvent = WireTimelineEntry['event'];

const requestTimeoutMs = 30_000;
const pollMs = 50;

/** What the benchmarks ask of the HTTP API, for the environment `production` of one project. */
export class PlatformApi {
  readonly #address: ApiAddress;
  readonly #project: string;

  constructor(address: ApiAddress, project: string) {
    this.#address = address;
    this.#project = project;
  }

  async createProject(repository: string): Promise<void> {
    await this.#call('POST', '/api/projects', { name: this.#project, repository });
  }

  async setSettings(settings: WireSettingsChange): Promise<void> {
    await this.#call('PATCH', `${this.#path}/environments/production`, { settings });
  }

  async setVariable(name: string, value: string): Promise<void> {
    const variables = [{ name, value, secret: false }];
    await this.#call('PUT', `${this.#path}/environments/production/variables`, { variables });
  }

  /** Of every environment; builds are given them too. */
  async setBuildSecrets(secrets: readonly { readonly name: string; readonly value: string }[]): Promise<void> {
    const variables = secrets.map(({ name, value }) => ({ name, value, secret: true, build: true }));
    await this.#call('PUT', `${this.#path}/variables`, { variables });
  }

  async cancel(number: number): Promise<void> {
    await this.#call('POST', `${this.#path}/deployments/${number}/cancel`);
  }

  async timeline(number: number): Promise<readonly WireTimelineEntry[]> {
    const { entries } = await this.#call<{ entries: WireTimelineEntry[] }>(
      'GET',
      `${this.#path}/deployments/${number}/timeline`,
    );
    return entries;
  }

  /** The log of a job as text. */
  async log(number: number, job: string): Promise<string> {
    const { lines } = await this.#call<WireLogPage>('GET', `${this.#path}/deployments/${number}/logs/${job}`);
    return lines.map(({ text }) => text).join('\n');
  }

  /** Resolves to the number of the new deployment. */
  async trigger(): Promise<number> {
    const deployment = await this.#call<WireDeployment>('POST', `${this.#path}/trigger-pipeline`, {
      environment: 'production',
    });
    return deployment.number;
  }

  detail(number: number): Promise<WireDeploymentDetail> {
    return this.#call('GET', `${this.#path}/deployments/${number}`);
  }

  /** Resolves when `holds` does; rejects with the reason when the deployment ended without, or after the limit. */
  async waitFor(
    number: number,
    holds: (deployment: WireDeployment) => boolean,
    limitMs = 120_000,
  ): Promise<WireDeployment> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const { deployment } = await this.detail(number);
      if (holds(deployment)) return deployment;
      const ended = ['failed', 'cancelled', 'stopped'].includes(deployment.state);
      if (ended || performance.now() > deadline) {
        throw new Error(`#${number} is ${deployment.state}: ${deployment.reason ?? deployment.failure?.message ?? ''}`);
      }
      await sleep(pollMs);
    }
  }

  /** Deploys and resolves when the old version is drained and gone. */
  async deploy(): Promise<WireDeployment> {
    return this.waitFor(await this.trigger(), isCompleted);
  }

  /** Resolves when the timeline tells of an event of that kind; nobody is asked again and again. */
  async untilTold(number: number, kind: WireEvent['kind'], limitMs = 120_000): Promise<void> {
    const response = await fetch(`${this.#address.apiUrl}${this.#path}/deployments/${number}/timeline`, {
      headers: { authorization: `Bearer ${this.#address.token}`, accept: 'text/event-stream' },
      signal: AbortSignal.timeout(limitMs),
    });
    if (!response.ok || response.body === null) throw new Error(`the timeline of #${number}: ${response.status}`);
    let told = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      told += chunk;
      if (told.includes(`"kind":"${kind}"`)) return;
    }
    throw new Error(`#${number} ended without ${kind}`);
  }

  get #path(): string {
    return `/api/projects/${this.#project}`;
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#address.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#address.token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(requestTimeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

export function isCompleted(deployment: WireDeployment): boolean {
  return deployment.state === 'completed';
}

/** In traffic, though the old version may still be draining. */
export function isInTraffic(deployment: WireDeployment): boolean {
  return deployment.readyAt !== null;
}
