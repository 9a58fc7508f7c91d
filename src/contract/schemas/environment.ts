import { z } from 'zod';
import { strategies } from '../../domain/environment-settings.ts';
import { named } from './named.ts';
import { nameSchema } from './project.ts';

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

export const settingsSchema = named(
  'EnvironmentSettings',
  z
    .object({
      branch: z.string(),
      autoDeploy: z.boolean(),
      replicas: z.int(),
      cpuCores: z.number(),
      memoryMb: z.number(),
      port: z.int().nullable(),
      strategy: z.enum(strategies),
      drainTimeoutMs: z.number(),
      stopGraceMs: z.number(),
      health: healthCheckSchema,
    })
    .meta({ description: 'CPU in cores and memory in MiB per instance; durations in milliseconds.' }),
);

export const settingsChangeSchema = named(
  'EnvironmentSettingsChange',
  z.strictObject({
    branch: z.string().exactOptional(),
    autoDeploy: z.boolean().exactOptional(),
    replicas: z.int().exactOptional(),
    cpuCores: z.number().exactOptional(),
    memoryMb: z.int().exactOptional(),
    port: z.int().nullable().exactOptional(),
    strategy: z.enum(strategies).exactOptional(),
    drainTimeoutMs: z.int().exactOptional(),
    stopGraceMs: z.int().exactOptional(),
    health: healthCheckChangeSchema.exactOptional(),
  }),
);
export type WireSettingsChange = z.output<typeof settingsChangeSchema>;

export const environmentSchema = named(
  'Environment',
  z.object({
    id: z.string(),
    name: z.string(),
    settings: settingsSchema,
    hosts: z.array(z.string()).meta({ description: 'Hosts it answers to, its own first.' }),
    currentDeploymentId: z.string().nullable().meta({ description: 'Id of the deployment that serves.' }),
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
