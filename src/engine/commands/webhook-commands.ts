import type { Actor } from '../../domain/roles.ts';
import type { WebhookDelivery, WebhookProvider } from '../../domain/webhook.ts';
import type { WebhookHeaders } from '../ports/webhook-provider.ts';

/** Where providers tell of pushes and pull requests, and what they told. `project` null: of the whole platform. */
export interface WebhookCommands {
  /**
   * Kept before it resolves; what follows from it is done later. Whoever knows the secret of the hook may. Errors: `not_found`,
   * `webhook_signature_invalid`, `invalid_input`.
   */
  receive(delivery: IncomingDelivery): Promise<ReceivedDelivery>;
  /** With its secret. null: none was made. */
  hook(actor: Actor, target: HookTarget): Promise<Webhook | null>;
  /** Makes it unless there is one; with `replace` it gets another secret, and keeps its address. */
  putHook(actor: Actor, target: HookTarget, options: { readonly replace: boolean }): Promise<Webhook>;
  /** Nothing is taken from its address any more, and what came to it is forgotten. */
  removeHook(actor: Actor, target: HookTarget): Promise<void>;
  /** Newest first. `before`: a sequence number, for the next page. */
  deliveries(actor: Actor, project: string | null, query: DeliveriesQuery): Promise<readonly WebhookDelivery[]>;
  delivery(actor: Actor, project: string | null, id: string): Promise<WebhookDelivery>;
  /** Each when it has been worked on, in their order, until aborted. `after`: a sequence number; null: from now on. */
  watchDeliveries(
    actor: Actor,
    project: string | null,
    after: number | null,
    signal: AbortSignal,
  ): AsyncIterable<WebhookDelivery>;
  /** Works on it once more, as another delivery. Error: `delivery_not_repeatable`. */
  redeliver(actor: Actor, project: string | null, id: string): Promise<WebhookDelivery>;
}

export interface IncomingDelivery {
  readonly provider: WebhookProvider;
  readonly hookId: string;
  readonly headers: WebhookHeaders;
  /** Read only where somebody knows the address. */
  readonly body: () => Promise<Uint8Array>;
}

export interface ReceivedDelivery {
  readonly id: string;
  readonly outcome: 'accepted' | 'ignored' | 'replayed';
  /** Why nothing follows from it; null where something may. */
  readonly reason: string | null;
}

/** Of one project, whichever provider calls; or of the platform, for every project of that provider. */
export type HookTarget = { readonly project: string } | { readonly provider: WebhookProvider };

export interface Webhook {
  /** Part of its address. */
  readonly id: string;
  /** null: whichever calls. */
  readonly provider: WebhookProvider | null;
  readonly secret: string;
  readonly createdAt: string;
  readonly secretSetAt: string;
}

export interface DeliveriesQuery {
  readonly before?: number;
  /** 1 to 200. */
  readonly limit: number;
}
