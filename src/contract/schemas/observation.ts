import { z } from 'zod';
import { observationOutcomes } from '../../domain/observation.ts';
import { named } from './named.ts';

const armSchema = named(
  'ObservedArm',
  z.object({
    units: z.number().meta({ description: 'Requests of visitors since the observation began.' }),
    bad: z.number(),
  }),
);

const viewSchema = named(
  'ObservationView',
  z.object({
    phase: z.string(),
    share: z.number().meta({ description: 'Percent of the traffic that goes to the new version.' }),
    evidence: z.number().meta({ description: '1 says nothing.' }),
    threshold: z
      .number()
      .nullable()
      .meta({ description: 'The evidence that rolls back; null while nothing is compared.' }),
    mayGrow: z.boolean().meta({ description: 'Whether a rollout may go on to its next share.' }),
    fresh: armSchema,
    old: armSchema,
    limits: z.string().meta({ description: 'What could not have been seen, in one sentence.' }),
  }),
);

/** The window in which a deployment is compared with the one before (rules 2.2 and 5.6). */
export const observationSchema = named(
  'Observation',
  z.object({
    standby: z.int().nullable().meta({ description: 'Number of the deployment on standby.' }),
    openedAt: z.string(),
    endsAt: z.string().nullable().meta({ description: 'null until all traffic has gone to the new version.' }),
    closedAt: z.string().nullable(),
    outcome: z.enum(observationOutcomes).nullable(),
    view: viewSchema.nullable(),
  }),
);
export type WireObservation = z.output<typeof observationSchema>;
