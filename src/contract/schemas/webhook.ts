import { z } from 'zod';
import { deliveryStates, outcomeResults, webhookProviders } from '../../domain/webhook.ts';
import { named } from './named.ts';

export const providerSchema = z.enum(webhookProviders);

export const webhookSchema = named(
  'Webhook',
  z.object({
    secret: z.string().meta({ description: 'What the provider signs with, or shows.' }),
    signingToken: z.string().meta({ description: 'The same as GitLab takes it for a signing token.' }),
    paths: z
      .partialRecord(providerSchema, z.string())
      .meta({ description: 'Path of its address for each provider that may call it.' }),
    createdAt: z.string(),
    secretSetAt: z.string(),
  }),
);
export type WireWebhook = z.output<typeof webhookSchema>;

export const webhookAnswerSchema = named(
  'WebhookAnswer',
  z.object({ webhook: webhookSchema.nullable().meta({ description: 'null: none was made.' }) }),
);

export const webhookChangeSchema = named(
  'WebhookChange',
  z.strictObject({
    newSecret: z.boolean().default(false).meta({ description: 'In place of the one there is; the address stays.' }),
  }),
);

export const receivedDeliverySchema = named(
  'ReceivedDelivery',
  z.object({
    id: z.string(),
    outcome: z.enum(['accepted', 'ignored', 'replayed']),
    reason: z.string().nullable().meta({ description: 'Why nothing follows from it; null where something may.' }),
  }),
);

const authorSchema = z.object({ name: z.string(), email: z.string().nullable() });

export const repositoryEventSchema = named(
  'RepositoryEvent',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('push'),
      branch: z.string(),
      commit: z.string(),
      before: z.string().nullable(),
      message: z.string(),
      skipPhrase: z.string().nullable(),
      author: authorSchema,
      changedPaths: z
        .array(z.string())
        .nullable()
        .meta({ description: 'null: the provider did not tell, or not all of them.' }),
    }),
    z.object({ kind: z.literal('branch-deleted'), branch: z.string() }),
    z.object({ kind: z.literal('tag'), tag: z.string(), commit: z.string().nullable() }),
    z.object({
      kind: z.literal('installation'),
      installation: z.string().meta({ description: 'As GitHub numbers it.' }),
      account: z.string(),
      action: z.string(),
    }),
    z.object({
      kind: z.literal('pull-request'),
      action: z.enum(['opened', 'synchronized', 'closed', 'reopened']),
      number: z.int(),
      title: z.string(),
      url: z.string(),
      headBranch: z.string(),
      headCommit: z.string(),
      baseBranch: z.string(),
      fromFork: z.boolean(),
      merged: z.boolean(),
      author: authorSchema,
    }),
  ]),
);

const outcomeSchema = named(
  'DeliveryOutcome',
  z.object({
    environment: z.string().nullable().meta({ description: 'null: the project as a whole.' }),
    result: z.enum(outcomeResults),
    deployment: z.int().nullable().meta({ description: 'Number of the deployment that it triggered.' }),
    code: z.string().meta({ description: 'Stable; why, or `deployed`.' }),
    reason: z.string(),
  }),
);

export const deliverySchema = named(
  'WebhookDelivery',
  z.object({
    id: z.string(),
    sequence: z.int(),
    provider: providerSchema,
    hookProject: z.string().nullable().meta({ description: "Whose webhook it came to; null: the platform's." }),
    name: z.string().meta({ description: 'As the provider names it.' }),
    state: z.enum(deliveryStates),
    verified: z.boolean().meta({ description: 'The sender knows the secret.' }),
    reason: z
      .string()
      .nullable()
      .meta({ description: 'Why it was refused, ignored or given up, or is about no project.' }),
    repository: z.string().nullable(),
    sender: z.string().nullable(),
    events: z.array(repositoryEventSchema),
    projects: z
      .array(z.object({ project: z.string(), outcomes: z.array(outcomeSchema) }))
      .meta({ description: 'What followed for each project that it is about.' }),
    repeats: z
      .int()
      .meta({ description: 'How often the same came again; of one that was refused, how many more were.' }),
    redeliveryOf: z.string().nullable(),
    redeliveredBy: z.string().nullable(),
    receivedAt: z.string(),
    processedAt: z.string().nullable(),
  }),
);
export type WireDelivery = z.output<typeof deliverySchema>;

export const deliveryListSchema = named(
  'WebhookDeliveryList',
  z.object({
    deliveries: z.array(deliverySchema),
    nextBefore: z.int().nullable().meta({ description: 'For the next page; null: this is the last.' }),
  }),
);
