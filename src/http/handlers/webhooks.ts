import type { HookTarget, WebhookCommands } from '../../engine/commands/webhook-commands.ts';
import type { Actor } from '../../domain/roles.ts';
import type { WebhookDelivery } from '../../domain/webhook.ts';
import { events, json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { mapAsync } from '../stream/map-async.ts';
import { wireDelivery, wireDeliveryPage, wireWebhook, wireWebhookAnswer } from '../wire/webhook.ts';

export function webhookHandlers(webhooks: WebhookCommands): HandlerGroup<'webhooks'> {
  return {
    receive: async ({ params, raw }) =>
      json(await webhooks.receive({ provider: params.provider, hookId: params.hook, ...raw })),
    ...platformWebhookHandlers(webhooks),
  };
}

/** Of a project and of a provider alike: who is asked for is in the path. */
export function platformWebhookHandlers(webhooks: WebhookCommands) {
  return {
    get: async ({ actor, params }: HookRequest) => json(wireWebhookAnswer(await webhooks.hook(actor, params))),
    put: async ({ actor, params, body }: HookRequest & { readonly body: { readonly newSecret: boolean } }) =>
      json(wireWebhook(await webhooks.putHook(actor, params, { replace: body.newSecret }))),
    remove: async ({ actor, params }: HookRequest) => {
      await webhooks.removeHook(actor, params);
      return nothing;
    },
  };
}

interface HookRequest {
  readonly actor: Actor;
  readonly params: HookTarget;
}

export function projectDeliveryHandlers(webhooks: WebhookCommands): HandlerGroup<'projectDeliveries'> {
  return {
    list: async ({ actor, params, query, streams, lastEventId, signal }) => {
      const { project } = params;
      if (streams) return followed(webhooks.watchDeliveries(actor, project, lastEventId, signal));
      return json(wireDeliveryPage(await webhooks.deliveries(actor, project, query), query));
    },
    show: async ({ actor, params }) =>
      json(wireDelivery(await webhooks.delivery(actor, params.project, params.delivery))),
    redeliver: async ({ actor, params }) =>
      json(wireDelivery(await webhooks.redeliver(actor, params.project, params.delivery))),
  };
}

export function deliveryHandlers(webhooks: WebhookCommands): HandlerGroup<'deliveries'> {
  return {
    list: async ({ actor, query, streams, lastEventId, signal }) => {
      if (streams) return followed(webhooks.watchDeliveries(actor, null, lastEventId, signal));
      return json(wireDeliveryPage(await webhooks.deliveries(actor, null, query), query));
    },
    show: async ({ actor, params }) => json(wireDelivery(await webhooks.delivery(actor, null, params.delivery))),
    redeliver: async ({ actor, params }) => json(wireDelivery(await webhooks.redeliver(actor, null, params.delivery))),
  };
}

function followed(deliveries: AsyncIterable<WebhookDelivery>) {
  return events(mapAsync(deliveries, (delivery) => ({ id: delivery.sequence, data: wireDelivery(delivery) })));
}
