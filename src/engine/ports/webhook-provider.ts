import type { WebhookReading } from '../../domain/webhook.ts';

/** How one provider signs, numbers and words its deliveries. */
export interface WebhookDriver {
  /** Whether something of the shape of a signature or token is there: without, the body is not worth reading. */
  showsSignature(headers: WebhookHeaders): boolean;
  /** Whether the sender knows the secret, by the bytes as they came, in a time that says nothing about the secret. */
  isSigned(request: WebhookRequest, secret: string): boolean;
  /** As the provider numbers the delivery, the same when it sends it again; null where it does not. */
  deliveryId(request: WebhookRequest): string | null;
  /**
   * The signature covers the body, and no two deliveries have the same body: the same again is a replay, whatever its number and the name
   * of its event say, which nobody signs.
   */
  readonly bodiesDiffer: boolean;
  /** What the body says. Errors: `invalid_input` where it is not to be read as what the headers say it is. */
  read(request: WebhookRequest): WebhookReading;
}

/** Values of headers by their names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | undefined>>;

export interface WebhookRequest {
  readonly headers: WebhookHeaders;
  readonly body: Uint8Array;
}
