import { z } from 'zod';
import { deploymentStates } from '../../domain/deployment-state.ts';
import { deploymentSchema } from './deployment.ts';
import { named } from './named.ts';

const number = z.int().meta({ description: 'Number of the deployment that is served first.' });

const queueReasonSchema = named(
  'QueueReason',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('environment'), number, state: z.enum(deploymentStates) }),
    z.object({ kind: z.literal('turn'), number }),
    z.object({ kind: z.literal('build-place') }),
    z.object({ kind: z.literal('paused') }),
    z.object({ kind: z.literal('backoff'), until: z.string() }),
    z.object({ kind: z.literal('worker') }),
  ]),
);

const queueItemSchema = named(
  'QueueItem',
  z.object({
    deployment: deploymentSchema,
    reason: queueReasonSchema.nullable().meta({ description: 'Why it does not go on; null while it runs.' }),
    waitsFor: z.string().nullable().meta({ description: 'The reason for people; null while it runs.' }),
    since: z.string().meta({ description: 'Since when it waits for that, or runs.' }),
  }),
);
export type WireQueueItem = z.output<typeof queueItemSchema>;

export const queueSchema = named(
  'Queue',
  z.object({
    items: z.array(queueItemSchema),
    elsewhere: z
      .object({ waiting: z.int(), running: z.int() })
      .meta({ description: 'How many there are in projects that the token may not see.' }),
  }),
);
