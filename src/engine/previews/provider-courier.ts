import { createHash } from 'node:crypto';
import { messageTopic } from '../../domain/provider.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorLog } from '../ports/ports.ts';
import type { PreviewStore } from '../ports/preview-store.ts';
import { ProviderError, type OpenProvider } from '../ports/provider.ts';
import type { ClaimedMessage, ProviderStore, ReportablePreview } from '../ports/provider-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { Rest } from '../rest.ts';
import { previewReport } from './preview-report.ts';
import { openProviderAccess } from './provider-access.ts';

export interface CourierOptions {
  readonly providers: ProviderStore;
  readonly previews: Pick<PreviewStore, 'settings'>;
  readonly openProvider: OpenProvider;
  readonly secretBox: SecretBox;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: OperatorLog;
  readonly urlOf: (host: string) => string;
  readonly intervalMs: number;
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
 * Tells providers of previews, on its own: no deployment waits for it. What is to be told is compared with what was told last, and kept in the
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

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.pass(signal).catch((error: unknown) => {
        if (!signal.aborted)
          this.#options.log.warn({ error: String(error) }, 'providers could not be told, to be tried again');
      });
      await this.#rest.take(this.#options.intervalMs, signal);
    }
  }

  /** Notes what is new, and tells what is due. */
  async pass(signal: AbortSignal): Promise<void> {
    await this.#note();
    for (;;) {
      const messages = await this.#options.providers.claim(atOnce, leaseMs);
      if (messages.length === 0) return;
      await Promise.all(messages.map((message) => this.#deliver(message, signal)));
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

  async #reportOf(preview: ReportablePreview) {
    const { previews, urlOf } = this.#options;
    const { ttlMs } = await previews.settings(preview.projectId);
    const messages = previewReport(preview, { ttlMs, urlOf });
    if (!preview.open && preview.environmentId === null) return { reported: `closed:${preview.revision}`, messages };
    const reported = createHash('sha256').update(JSON.stringify(messages)).digest('hex');
    return { reported, messages };
  }

  async #deliver(message: ClaimedMessage, signal: AbortSignal): Promise<void> {
    const { openProvider, secretBox, providers } = this.#options;
    try {
      const provider = openProvider(openProviderAccess(secretBox, message.access));
      await provider.tell(message.message, AbortSignal.any([signal, AbortSignal.timeout(sendLimitMs)]));
      await providers.done(message);
    } catch (error) {
      // Its lease runs out; whoever comes next tells it.
      if (signal.aborted) return;
      await this.#afterFailure(message, error);
    }
  }

  async #afterFailure(message: ClaimedMessage, error: unknown): Promise<void> {
    const { providers, log } = this.#options;
    const text = error instanceof Error ? error.message : String(error);
    log.warn(
      { provider: message.access.kind, repository: message.access.repository, error: text },
      'a provider was not told',
    );
    await providers.failed(message.projectId, text.slice(0, 500));
    const final = error instanceof ProviderError && error.code === 'provider_refused';
    if (final || message.attempts + 1 >= mostAttempts) return providers.done(message);
    await providers.postpone(message, this.#delay(message, error));
  }

  /** What the provider asks for, and never less than our own patience; spread, so that not all come back at once. */
  #delay({ attempts }: ClaimedMessage, error: unknown): number {
    const own = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempts, 20));
    const asked = error instanceof ProviderError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, own * (0.5 + this.#options.random.number() / 2));
  }
}
