import type { WireDelivery, WireWebhook } from '../../contract/schemas/webhook.ts';
import { signingToken, webhookProviders, type WebhookDelivery } from '../../domain/webhook.ts';
import type { Webhook } from '../../engine/commands/webhook-commands.ts';

export function wireWebhookAnswer(webhook: Webhook | null): { readonly webhook: WireWebhook | null } {
  return { webhook: webhook === null ? null : wireWebhook(webhook) };
}

export function wireWebhook({ id, provider, secret, createdAt, secretSetAt }: Webhook): WireWebhook {
  const callers = provider === null ? webhookProviders : [provider];
  const paths = Object.fromEntries(callers.map((caller) => [caller, `/api/webhooks/${caller}/${id}`]));
  return { secret, signingToken: signingToken(secret), paths, createdAt, secretSetAt };
}

export function wireDelivery(delivery: WebhookDelivery): WireDelivery {
  return {
    ...delivery,
    events: delivery.events.map((event) =>
      event.kind === 'push'
        ? { ...event, changedPaths: event.changedPaths === null ? null : [...event.changedPaths] }
        : event,
    ),
    projects: delivery.projects.map(({ project, outcomes }) => ({ project, outcomes: [...outcomes] })),
  };
}

export function wireDeliveryPage(deliveries: readonly WebhookDelivery[], { limit }: { readonly limit: number }) {
  const nextBefore = deliveries.length < limit ? null : (deliveries.at(-1)?.sequence ?? null);
  return { deliveries: deliveries.map(wireDelivery), nextBefore };
}
