import { z } from 'zod';
import { strategies } from '../../domain/environment-settings.ts';
import { named } from './named.ts';
import { nameSchema } from './project.ts';

const status = z.int().min(100).max(599);
const dayMs = 86_400_000;
const duration = z.int().min(0).max(dayMs);
const positiveDuration = z.int().min(1).max(dayMs);
const threshold = z.int().min(1).max(100);
const healthMethod = z.enum(['GET', 'HEAD']);
const port = z.int().min(1).max(65_535);

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

export const healthCheckChangeSchema = named(
  'HealthCheckChange',
  z.strictObject({
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]*$/, 'must begin with / and have no spaces')
      .max(2_000)
      .exactOptional(),
    method: healthMethod.exactOptional(),
    hostHeader: z
      .string()
      .regex(/^[\x21-\x7e]+$/, 'must be a host name')
      .max(255)
      .nullable()
      .exactOptional(),
    statusMin: status.exactOptional(),
    statusMax: status.exactOptional(),
    intervalMs: positiveDuration.exactOptional(),
    timeoutMs: positiveDuration.exactOptional(),
    healthyThreshold: threshold.exactOptional(),
    unhealthyThreshold: threshold.exactOptional(),
    startPeriodMs: duration.exactOptional(),
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
    branch: z.string().min(1).max(255).exactOptional(),
    autoDeploy: z.boolean().exactOptional(),
    replicas: z.int().min(1).max(100).exactOptional(),
    cpuCores: z.number().min(0.01).max(1_024).exactOptional(),
    memoryMb: z.int().min(6).max(16_777_216).exactOptional(),
    port: port.nullable().exactOptional(),
    strategy: z.enum(strategies).exactOptional(),
    drainTimeoutMs: duration.exactOptional(),
    stopGraceMs: duration.exactOptional(),
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
