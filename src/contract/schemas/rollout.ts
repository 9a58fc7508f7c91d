import { z } from 'zod';
import { strategies } from '../../domain/environment-settings.ts';
import { routeModes } from '../../domain/route.ts';
import { deploymentSchema, instanceSchema } from './deployment.ts';
import { named } from './named.ts';
import { observationSchema } from './observation.ts';

export const rolloutPlanSchema = named(
  'RolloutPlan',
  z.object({
    strategy: z.enum(strategies).meta({ description: 'The one that will be used, whatever the setting says.' }),
    explanation: z.array(z.string()),
  }),
);
export type WireRolloutPlan = z.output<typeof rolloutPlanSchema>;

const sideSchema = named(
  'RolloutSide',
  z.object({
    deployment: deploymentSchema,
    instances: z.array(instanceSchema),
    share: z.number().meta({ description: 'Percent of the traffic.' }),
    connections: z.int().meta({ description: 'Requests, WebSockets and streams open now.' }),
  }),
);
export type WireRolloutSide = z.output<typeof sideSchema>;

/** Where the environment's traffic goes, and how its versions do. */
export const rolloutStatusSchema = named(
  'RolloutStatus',
  z.object({
    environment: z.string(),
    fresh: sideSchema.nullable().meta({ description: 'The newest that gets traffic; null where nothing does.' }),
    old: sideSchema.nullable().meta({ description: 'What served before and still runs.' }),
    mode: z.enum(routeModes).meta({
      description:
        '`held`: requests wait in the router. `paused`: they get a 503 page. `asleep`: they wait until it is started; `unwoken`: it did not start.',
    }),
    observation: observationSchema.nullable(),
    autoDeployHeld: z.string().nullable(),
  }),
);
export type WireRolloutStatus = z.output<typeof rolloutStatusSchema>;

export const newRollbackSchema = named(
  'NewRollback',
  z.strictObject({
    to: z.int().min(1).exactOptional().meta({
      description:
        'Default: what serves beside a version that is being rolled out, else the last good one before what serves.',
    }),
    currentEnv: z.boolean().exactOptional().meta({ description: "Today's variables instead of those of then." }),
    force: z.boolean().exactOptional().meta({ description: 'Also behind a contract step.' }),
  }),
);

export const newPromotionSchema = named(
  'NewPromotion',
  z.strictObject({
    from: z.string().min(1).max(64).meta({ description: 'The environment whose current artifact is taken.' }),
  }),
);
