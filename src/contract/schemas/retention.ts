import { z } from 'zod';
import { named } from './named.ts';

const bytes = z.number();

export const retentionSettingsSchema = named(
  'RetentionSettings',
  z.object({
    rollbackTargets: z
      .int()
      .meta({ description: 'Completed deployments of an environment, beside what serves, whose artifacts stay.' }),
    budgetBytes: bytes.meta({ description: 'What all artifacts may take that nothing asks to be kept.' }),
    logDays: z.int().meta({ description: 'Days for which the logs of a deployment that is over are kept.' }),
    historyDays: z.int().meta({ description: 'The same for its timeline, journal and measurements.' }),
    keepNewest: z.int().meta({
      description: 'The newest deployments of an environment, whose logs and history are kept whatever their age.',
    }),
    minFreeBytes: bytes.nullable().meta({
      description:
        'No build begins with less free; 0: not looked at; null: 1 GiB, or a twentieth of the disk where that is less.',
    }),
    buildCacheBytes: bytes.meta({
      description: 'What the cache of builds may take, of all that is built on the machine.',
    }),
  }),
);
export type WireRetentionSettings = z.output<typeof retentionSettingsSchema>;

/** Shapes only; which values are acceptable is for the domain to say. */
export const retentionChangeSchema = named(
  'RetentionSettingsChange',
  z.strictObject({
    rollbackTargets: z.int().exactOptional(),
    budgetBytes: z.int().exactOptional(),
    logDays: z.int().exactOptional(),
    historyDays: z.int().exactOptional(),
    keepNewest: z.int().exactOptional(),
    minFreeBytes: z.int().nullable().exactOptional(),
    buildCacheBytes: z.int().exactOptional(),
  }),
);

const budget = { description: 'Instead of the setting, this once.' };

export const retentionQuerySchema = z.strictObject({
  budgetBytes: z.coerce.number().int().min(0).exactOptional().meta(budget),
});

export const retentionRunRequestSchema = named(
  'RetentionRunRequest',
  z.strictObject({ budgetBytes: z.int().min(0).exactOptional().meta(budget) }),
);

const artifact = {
  type: z.enum(['image', 'bundle']),
  id: z.string().meta({ description: "The image's id or the bundle's hash." }),
  sizeBytes: bytes.nullable().meta({
    description: 'With all layers of an image, which others may share: an upper bound. null: not known.',
  }),
  why: z.string(),
};

const keptSchema = named(
  'KeptArtifact',
  z.object({
    ...artifact,
    rule: z.enum(['in-use', 'rollback-target', 'awaited', 'tagged', 'unknown', 'within-budget']),
  }),
);

const goingSchema = named(
  'GoingArtifact',
  z.object({ ...artifact, rule: z.enum(['over-budget', 'belongs-to-nothing']) }),
);
export type WireGoing = z.output<typeof goingSchema>;

const pastDeployment = {
  project: z.string(),
  environment: z.string(),
  number: z.int(),
  endedAt: z.string(),
};

const logsSchema = named('ExpiredLogs', z.object({ ...pastDeployment, bytes }));
const historySchema = named('ExpiredHistory', z.object(pastDeployment));

const records = { logs: z.array(logsSchema), history: z.array(historySchema) };

export const retentionPlanSchema = named(
  'RetentionPlan',
  z.object({
    settings: retentionSettingsSchema,
    kept: z.array(keptSchema),
    going: z.array(goingSchema).meta({ description: 'In the order in which they go.' }),
    ...records,
    more: z.boolean().meta({ description: 'There is more than one run removes.' }),
  }),
);
export type WireRetentionPlan = z.output<typeof retentionPlanSchema>;

export const retentionRunSchema = named(
  'RetentionRun',
  z.object({
    removed: z.array(goingSchema),
    stayed: z
      .array(z.object(artifact))
      .meta({ description: 'What was to go, and is needed after all or could not be removed.' }),
    ...records,
    givenBackBytes: bytes.nullable().meta({
      description: 'By how much less the layers of all images take, as Docker counts; null where it did not say.',
    }),
    more: z.boolean().meta({ description: 'There is more to do: ask again.' }),
  }),
);
export type WireRetentionRun = z.output<typeof retentionRunSchema>;
