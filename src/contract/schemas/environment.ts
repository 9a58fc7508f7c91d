import { z } from 'zod';
import { slowActions, standbyKinds, strategies } from '../../domain/environment-settings.ts';
import { environmentKinds } from '../../domain/project.ts';
import { named } from './named.ts';
import { newProcessSchema, processSchema } from './process.ts';
import { nameSchema } from './project.ts';
import { newVolumeSchema, volumeSchema } from './volume.ts';

const healthMethod = z.enum(['GET', 'HEAD']);

export const healthCheckSchema = named(
  'HealthCheck',
  z
    .object({
      path: z.string(),
      method: healthMethod,
      hostHeader: z.string().nullable(),
      statusMin: z.int(),
      statusMax: z.int(),
      intervalMs: z.number(),
      timeoutMs: z.number(),
      healthyThreshold: z.int(),
      unhealthyThreshold: z.int(),
      startPeriodMs: z.number(),
    })
    .meta({
      description: 'Settings of the gate. Durations in milliseconds; both ends of the status range are accepted.',
    }),
);

/** Shapes only; which values are acceptable is for the domain to say. */
export const healthCheckChangeSchema = named(
  'HealthCheckChange',
  z.strictObject({
    path: z.string().exactOptional(),
    method: healthMethod.exactOptional(),
    hostHeader: z.string().nullable().exactOptional(),
    statusMin: z.int().exactOptional(),
    statusMax: z.int().exactOptional(),
    intervalMs: z.int().exactOptional(),
    timeoutMs: z.int().exactOptional(),
    healthyThreshold: z.int().exactOptional(),
    unhealthyThreshold: z.int().exactOptional(),
    startPeriodMs: z.int().exactOptional(),
  }),
);

const slow = z.enum(slowActions).meta({ description: 'What is done when the new version is slower than the old one.' });

export const rollbackSettingsSchema = named(
  'RollbackSettings',
  z.object({
    automatic: z.boolean().meta({ description: 'Whether a version that turns out to be bad is taken back by itself.' }),
    slow,
  }),
);

export const rollbackSettingsChangeSchema = named(
  'RollbackSettingsChange',
  z.strictObject({ automatic: z.boolean().exactOptional(), slow: slow.exactOptional() }),
);

export const settingsSchema = named(
  'EnvironmentSettings',
  z
    .object({
      branch: z.string(),
      autoDeploy: z.boolean(),
      watchPaths: z.array(z.string()).meta({
        description: 'A push that changes nothing under them is not deployed; none: every push is.',
      }),
      replicas: z.int(),
      cpuCores: z.number(),
      memoryMb: z.number(),
      port: z.int().nullable(),
      strategy: z.enum(strategies),
      canarySteps: z.array(z.int()).meta({ description: 'Shares of a canary before all of the traffic, in percent.' }),
      observationMs: z
        .number()
        .meta({ description: 'How long the new version is compared with the old one; 0: not at all.' }),
      standby: z.enum(standbyKinds).meta({ description: 'How much of the old version stays up, drained, meanwhile.' }),
      rollback: rollbackSettingsSchema,
      drainTimeoutMs: z.number(),
      stopGraceMs: z.number(),
      holdTimeoutMs: z
        .number()
        .meta({ description: 'How long a request may wait while `recreate` has nothing running.' }),
      health: healthCheckSchema,
      processes: z.array(processSchema),
      oneOffTimeoutMs: z.number().meta({ description: 'After which what runs once has failed.' }),
      volumes: z.array(volumeSchema),
    })
    .meta({ description: 'CPU in cores and memory in MiB per instance; durations in milliseconds.' }),
);

export const settingsChangeSchema = named(
  'EnvironmentSettingsChange',
  z.strictObject({
    branch: z.string().exactOptional(),
    autoDeploy: z.boolean().exactOptional(),
    watchPaths: z.array(z.string()).exactOptional(),
    replicas: z.int().exactOptional(),
    cpuCores: z.number().exactOptional(),
    memoryMb: z.int().exactOptional(),
    port: z.int().nullable().exactOptional(),
    strategy: z.enum(strategies).exactOptional(),
    canarySteps: z.array(z.int()).exactOptional(),
    observationMs: z.int().exactOptional(),
    standby: z.enum(standbyKinds).exactOptional(),
    rollback: rollbackSettingsChangeSchema.exactOptional(),
    drainTimeoutMs: z.int().exactOptional(),
    stopGraceMs: z.int().exactOptional(),
    holdTimeoutMs: z.int().exactOptional(),
    health: healthCheckChangeSchema.exactOptional(),
    processes: z.array(newProcessSchema).exactOptional().meta({ description: 'Replaces all of them.' }),
    oneOffTimeoutMs: z.int().exactOptional(),
    volumes: z.array(newVolumeSchema).exactOptional().meta({ description: 'Replaces all of them.' }),
  }),
);
/** What a caller writes: members with defaults may be left out. */
export type WireSettingsChange = z.input<typeof settingsChangeSchema>;
export type WireSettings = z.output<typeof settingsSchema>;

export const environmentSchema = named(
  'Environment',
  z.object({
    id: z.string(),
    name: z.string(),
    kind: z
      .enum(environmentKinds)
      .meta({ description: '`preview`: it comes and goes with a pull request or a branch.' }),
    settings: settingsSchema,
    hosts: z.array(z.string()).meta({ description: 'Hosts it answers to, its own first.' }),
    currentDeploymentId: z.string().nullable().meta({ description: 'Id of the deployment that serves.' }),
    autoDeployHeld: z
      .string()
      .nullable()
      .meta({ description: 'Why nothing is deployed by itself until somebody resumes it; null: it is.' }),
    asleepSince: z
      .string()
      .nullable()
      .meta({ description: 'Nobody used it: it is started again for the next visitor; null: it is awake.' }),
    createdAt: z.string(),
  }),
);
export type WireEnvironment = z.output<typeof environmentSchema>;

export const environmentListSchema = named('EnvironmentList', z.object({ environments: z.array(environmentSchema) }));

export const newEnvironmentSchema = named(
  'NewEnvironment',
  z.strictObject({ name: nameSchema, settings: settingsChangeSchema.exactOptional() }),
);

export const environmentChangeSchema = named('EnvironmentChange', z.strictObject({ settings: settingsChangeSchema }));
