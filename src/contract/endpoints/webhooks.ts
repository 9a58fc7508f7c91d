import { z } from 'zod';
import type { Permission } from '../../domain/roles.ts';
import { endpoint, type Access } from '../endpoint.ts';
import {
  deliveryListSchema,
  deliverySchema,
  providerSchema,
  receivedDeliverySchema,
  webhookAnswerSchema,
  webhookChangeSchema,
  webhookSchema,
} from '../schemas/webhook.ts';
import { everyone, onInstallation, onProject, projectParams } from './access.ts';

/** As large as the largest provider sends them. */
const maxDeliveryBytes = 25 * 1024 ** 2;
const listQuery = z.strictObject({
  before: z.coerce
    .number()
    .int()
    .min(1)
    .exactOptional()
    .meta({ description: 'Only those with a sequence below this one.' }),
  limit: z.coerce.number().int().min(1).max(200).default(20),
});
const oneParams = z.strictObject({ delivery: z.uuid() });
const providerParams = z.strictObject({ provider: providerSchema });

function hookAt<const P extends string, S extends z.ZodObject>(path: P, access: Access, params: S, whose: string) {
  const one = { path, access, params } as const;
  return {
    get: endpoint({
      ...one,
      method: 'GET',
      summary: `Show the webhook of ${whose}, with its secret`,
      status: 200,
      response: webhookAnswerSchema,
      errors: ['not_found'],
    }),
    put: endpoint({
      ...one,
      method: 'PUT',
      summary: `Make a webhook for ${whose} unless there is one, or give it a new secret`,
      body: webhookChangeSchema,
      status: 200,
      response: webhookSchema,
      errors: ['not_found'],
    }),
    remove: endpoint({
      ...one,
      method: 'DELETE',
      summary: `Remove the webhook of ${whose}, and what came to it`,
      status: 204,
      response: null,
      errors: ['not_found'],
    }),
  } as const;
}

interface DeliveryParams<M extends z.ZodObject, O extends z.ZodObject> {
  readonly many: M;
  readonly one: O;
}

function deliveriesAt<const P extends string, M extends z.ZodObject, O extends z.ZodObject>(
  path: P,
  { many, one }: DeliveryParams<M, O>,
  access: (permission: Permission) => Access,
) {
  return {
    list: endpoint({
      method: 'GET',
      path,
      summary:
        'List what providers told, newest first, and what followed; or follow each that is worked on from now on: the id of an event is its sequence',
      access: access('read'),
      params: many,
      query: listQuery,
      status: 200,
      response: deliveryListSchema,
      event: deliverySchema,
      errors: ['not_found'],
    }),
    show: endpoint({
      method: 'GET',
      path: `${path}/{delivery}`,
      summary: 'Show a delivery, and what followed from it',
      access: access('read'),
      params: one,
      status: 200,
      response: deliverySchema,
      errors: ['not_found'],
    }),
    redeliver: endpoint({
      method: 'POST',
      path: `${path}/{delivery}/redeliver`,
      summary: 'Work on a delivery once more',
      access: access('deploy'),
      params: one,
      status: 202,
      response: deliverySchema,
      errors: ['not_found', 'delivery_not_repeatable'],
    }),
  } as const;
}

export const webhookEndpoints = {
  receive: endpoint({
    method: 'POST',
    path: '/api/webhooks/{provider}/{hook}',
    summary: 'Take a delivery of a provider; the signature is what lets it in',
    access: everyone,
    params: z.strictObject({ provider: providerSchema, hook: z.string().min(1).max(64) }),
    rawBody: {
      maxBytes: maxDeliveryBytes,
      description: 'As the provider sends it, at most 25 MiB, signed in the headers of that provider.',
    },
    status: 202,
    response: receivedDeliverySchema,
    errors: ['not_found', 'webhook_signature_invalid', 'invalid_input', 'too_busy', 'database_unavailable'],
  }),
  ...hookAt('/api/projects/{project}/webhook', onProject('configure'), projectParams, 'a project'),
} as const;

export const platformWebhookEndpoints = hookAt(
  '/api/platform-webhooks/{provider}',
  onInstallation('administer'),
  providerParams,
  'the whole platform for a provider',
);

export const projectDeliveryEndpoints = deliveriesAt(
  '/api/projects/{project}/webhook-deliveries',
  { many: projectParams, one: z.strictObject({ ...projectParams.shape, ...oneParams.shape }) },
  onProject,
);

export const deliveryEndpoints = deliveriesAt(
  '/api/webhook-deliveries',
  { many: z.strictObject({}), one: oneParams },
  () => onInstallation('administer'),
);
