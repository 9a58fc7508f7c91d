import { createHash } from 'node:crypto';
import { deploymentReport } from '../../domain/deployment-report.ts';
import { messageTopic, type ProviderMessage } from '../../domain/provider.ts';
import type { Refusal } from '../commands/installation-events.ts';
import { storable } from '../commands/storable.ts';
import { createMasker, nothingToMask } from '../masking.ts';
import type { Clock } from '../ports/clock.ts';
import type { Masker } from '../ports/logs.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { PreviewStore } from '../ports/preview-store.ts';
import { ProviderError, type OpenProvider } from '../ports/provider.ts';
import type { ClaimedMessage, ProviderStore, ReportablePreview } from '../ports/provider-store.ts';
import type { Random } from '../ports/random.ts';
import { Rest } from '../rest.ts';
import { previewReport } from './preview-report.ts';
import { openProviderAccess, type AccessDependencies } from './provider-access.ts';

export interface CourierOptions extends AccessDependencies {
  readonly providers: ProviderStore;
  readonly previews: Pick<PreviewStore, 'settings'>;
  readonly openProvider: OpenProvider;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly urlOf: (host: string) => string;
  readonly intervalMs: number;
  /** GitHub refuses what the App tells for this project. */
  readonly onDoubt: (refusal: Refusal) => Promise<void>;
}

const atOnce = 8;
/** Longer than a message takes with all its calls. */
const leaseMs = 300_000;
const sendLimitMs = 240_000;
const firstDelayMs = 2_000;
const longestDelayMs = 15 * 60_000;
/** With the delays between them a little more than a day. */
const mostAttempts = 100;

/**
 * Tells providers of previews and deployments, on its own: no deployment waits for it. What is to be told is compared with what was told last, and kept in the
 * database until it was told; what is newer takes its place.
 */
export class ProviderCourier {
  readonly #options: CourierOptions;
  readonly #rest: Rest;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#rest = new Rest(options.clock);
  }

  wake(): void {
    this.#rest.wake();
  }

  run(signal: AbortSignal): Promise<void> {
    const { log, intervalMs } = this.#options;
    const pass = () =>
      this.pass(signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: String(error) }, 'providers could not be told, to be tried again');
      });
    return this.#rest.between(pass, intervalMs, signal);
  }

  /** Notes what is new, and tells what is due. */
  async pass(signal: AbortSignal): Promise<void> {
    await this.#note();
    await this.#noteDeployments();
    await Promise.all(Array.from({ length: atOnce }, () => this.#deliverAll(signal)));
  }

  /** One after the other, while there are any: who takes long holds up nobody else. */
  async #deliverAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const [message] = await this.#options.providers.claim(1, leaseMs);
      if (message === undefined || signal.aborted) return;
      await this.#deliver(message, signal);
    }
  }

  async #note(): Promise<void> {
    const { providers, random } = this.#options;
    for (const preview of await providers.reportable()) {
      const { reported, messages } = await this.#reportOf(preview);
      if (reported === preview.reported) continue;
      const identified = messages.map((message) => ({ id: random.id(), topic: messageTopic(message), message }));
      await providers.report(preview.id, reported, identified);
    }
  }

  async #noteDeployments(): Promise<void> {
    const { providers, random, urlOf } = this.#options;
    for (const deployment of await providers.reportableDeployments()) {
      const { host, newest } = deployment;
      const messages = newest ? deploymentReport(deployment, host === null ? null : urlOf(host)) : [];
      const said = messages.length === 0 ? deployment.said : digestOf(messages);
      const changed = said === deployment.said ? [] : messages;
      const identified = changed.map((message) => ({ id: random.id(), topic: messageTopic(message), message }));
      await providers.reportDeployment({ ...deployment, said }, identified);
    }
  }

  async #reportOf(preview: ReportablePreview) {
    const { previews, urlOf } = this.#options;
    const { ttlMs } = await previews.settings(preview.projectId);
    const messages = previewReport(preview, { ttlMs, urlOf });
    if (!preview.open && preview.environmentId === null) return { reported: `closed:${preview.revision}`, messages };
    return { reported: digestOf(messages), messages };
  }

  async #deliver(message: ClaimedMessage, signal: AbortSignal): Promise<void> {
    const { openProvider, providers } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(sendLimitMs)]);
    let mask = nothingToMask;
    try {
      const access = await openProviderAccess(this.#options, message.access, limit);
      mask = createMasker([access.token]);
      await openProvider(access).tell(message.message, limit);
      await providers.done(message);
    } catch (error) {
      // Its lease runs out; whoever comes next tells it.
      if (signal.aborted) return;
      await this.#afterFailure(message, error, mask);
    }
  }

  /** What the provider says is neither believed to be a text that can be kept, nor to leave out the token that it was shown. */
  async #afterFailure(message: ClaimedMessage, error: unknown, mask: Masker): Promise<void> {
    const { providers, log } = this.#options;
    const { projectId, access, attempts } = message;
    const text = storable(mask(error instanceof Error ? error.message : String(error))).slice(0, 500);
    log.warn({ provider: access.kind, repository: access.repository, error: text }, 'a provider was not told');
    await providers.failed(projectId, text);
    const refused = error instanceof ProviderError && error.code === 'provider_refused';
    const doubtful = refused && access.installationId !== null && attempts === 0;
    // The App may not act there any more, or may do less: that is found out first.
    if (doubtful) await this.#options.onDoubt({ projectId, installationId: access.installationId });
    if ((refused && !doubtful) || attempts + 1 >= mostAttempts) return providers.done(message);
    await providers.postpone(message, this.#delay(message, error));
  }

  /** What the provider asks for, and never less than our own patience; spread, so that not all come back at once. */
  #delay({ attempts }: ClaimedMessage, error: unknown): number {
    const own = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempts, 20));
    const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, own * (0.5 + this.#options.random.number() / 2));
  }
}

function digestOf(messages: readonly ProviderMessage[]): string {
  return createHash('sha256').update(JSON.stringify(messages)).digest('hex');
}
