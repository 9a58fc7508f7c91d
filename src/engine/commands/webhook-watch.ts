import type { WebhookDelivery } from '../../domain/webhook.ts';
import type { Clock } from '../ports/clock.ts';
import type { WebhookStore } from '../ports/webhook-store.ts';

const pollMs = 500;
const pageSize = 100;

export interface WatchScope {
  /** null: every project's. */
  readonly projectId: string | null;
  /** Sequence number after which it begins; null: with what comes from now on. */
  readonly after: number | null;
}

/** Each delivery when it has been worked on, in the order in which they came, until aborted: one that waits is waited for. */
export async function* watchDeliveries(
  { store, clock }: { readonly store: Pick<WebhookStore, 'list'>; readonly clock: Clock },
  { projectId, after }: WatchScope,
  signal: AbortSignal,
): AsyncGenerator<WebhookDelivery> {
  let seen = after ?? (await store.list({ projectId, limit: 1 }))[0]?.sequence ?? 0;
  while (!signal.aborted) {
    const page = await store.list({ projectId, after: seen, limit: pageSize });
    const pending = page.findIndex(({ state }) => state === 'pending');
    const ready = pending === -1 ? page : page.slice(0, pending);
    for (const delivery of ready) {
      seen = delivery.sequence;
      yield delivery;
    }
    // Aborted: the loop ends.
    if (ready.length < pageSize) await clock.sleep(pollMs, signal).catch(() => undefined);
  }
}
