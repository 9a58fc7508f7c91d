import { z } from 'zod';
import { deploymentKinds } from '../../domain/deployment-kind.ts';
import { deploymentStates } from '../../domain/deployment-state.ts';
import { triggerKinds } from '../../domain/source.ts';
import { settingsSchema } from './environment.ts';
import { sourceSchema } from './deployment-source.ts';
import { jobStatusSchema, jobTypeSchema } from './job.ts';
import { measurementsSchema } from './measurements.ts';
import { named } from './named.ts';
import { observationSchema } from './observation.ts';
import { buildSettingsSchema } from './project.ts';

const artifactSchema = named(
  'Artifact',
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('image'),
      imageId: z.string(),
      sizeBytes: z.number(),
      exposedPorts: z.array(z.int()),
    }),
    z.object({ type: z.literal('bundle'), bundle: z.string(), sizeBytes: z.number(), spa: z.boolean() }),
  ]),
);

/** The earlier deployment whose artifact is run again. */
const originSchema = named(
  'DeploymentOrigin',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('rollback'),
      deploymentId: z.string(),
      number: z.int(),
      automatic: z.boolean().meta({ description: 'By the evidence, not by somebody.' }),
      from: z
        .object({ deploymentId: z.string(), number: z.int() })
        .nullable()
        .meta({ description: 'The deployment that is taken back.' }),
      currentVariables: z.boolean().meta({ description: 'With the variables of today, not those of then.' }),
      reason: z.string().nullable(),
    }),
    z.object({
      kind: z.literal('promote'),
      deploymentId: z.string(),
      number: z.int(),
      environment: z.string().meta({ description: 'Where it served.' }),
    }),
  ]),
);

export const deploymentSchema = named(
  'Deployment',
  z.object({
    id: z.string(),
    project: z.string(),
    environment: z.string(),
    number: z.int().meta({ description: '1, 2, 3 … per project.' }),
    kind: z.enum(deploymentKinds),
    origin: originSchema.nullable().meta({ description: 'What is run again; null where it was built.' }),
    state: z.enum(deploymentStates),
    reason: z.string().nullable().meta({ description: 'Why it is in this state.' }),
    failure: z
      .object({ code: z.string(), message: z.string(), next: z.string() })
      .nullable()
      .meta({ description: 'What went wrong, and what to do next.' }),
    source: sourceSchema,
    trigger: z.object({ kind: z.enum(triggerKinds), by: z.string(), noCache: z.boolean() }),
    artifact: artifactSchema.nullable(),
    requests: z
      .object({ total: z.int(), failed: z.int() })
      .nullable()
      .meta({ description: 'What the router counted while traffic moved.' }),
    measurements: measurementsSchema,
    pausedFrom: z
      .enum(['deploying', 'ready', 'completed'])
      .nullable()
      .meta({ description: 'Only while it is paused: where it goes on when it is resumed.' }),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    readyAt: z.string().nullable().meta({ description: 'When traffic first reached it.' }),
    completedAt: z
      .string()
      .nullable()
      .meta({ description: 'When it was first completed; null: nobody can go back to it.' }),
    finishedAt: z.string().nullable(),
    removed: z
      .object({
        artifactAt: z.string().nullable().meta({ description: 'Since when nobody can go back to it.' }),
        logsAt: z.string().nullable(),
        historyAt: z.string().nullable().meta({ description: 'Timeline, journal and measurements.' }),
      })
      .meta({ description: 'What is not kept of it any more; null: it is still there.' }),
  }),
);
export type WireDeployment = z.output<typeof deploymentSchema>;

export const deploymentListSchema = named(
  'DeploymentList',
  z.object({
    deployments: z.array(deploymentSchema),
    nextBefore: z.int().nullable().meta({ description: '`before` of the next page; null on the last.' }),
  }),
);

const jobSchema = named(
  'Job',
  z.object({
    type: jobTypeSchema,
    order: z.int(),
    dependsOn: z.array(jobTypeSchema),
    required: z.boolean(),
    status: jobStatusSchema,
    error: z.string().nullable(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
  }),
);

export const instanceSchema = named(
  'Instance',
  z.object({
    id: z.string(),
    process: z.string(),
    ordinal: z.int(),
    phase: z.enum(['starting', 'passed', 'serving', 'draining', 'drained', 'stopped', 'failed']),
    port: z.int(),
    restarts: z.int(),
    crashedAt: z
      .string()
      .nullable()
      .meta({ description: 'Since when it is down although it should run; null while it is up.' }),
  }),
);

export type WireInstance = z.output<typeof instanceSchema>;

export const deploymentDetailSchema = named(
  'DeploymentDetail',
  z.object({
    deployment: deploymentSchema,
    configuration: z.object({
      build: buildSettingsSchema,
      settings: settingsSchema,
      hosts: z.array(z.string()),
    }),
    jobs: z.array(jobSchema),
    instances: z.array(instanceSchema),
    observation: observationSchema.nullable().meta({ description: 'null where none was ever opened.' }),
    verdict: z.string().nullable().meta({ description: 'The result in one sentence; null while there is none.' }),
    url: z.string(),
  }),
);
export type WireDeploymentDetail = z.output<typeof deploymentDetailSchema>;

export const newDeploymentSchema = named(
  'NewDeployment',
  z.strictObject({
    environment: z.string().min(1).max(64),
    branch: z.string().min(1).max(255).exactOptional().meta({ description: "Default: the environment's branch." }),
    commit: z
      .string()
      .regex(/^[0-9a-f]{40}$/, 'must be 40 hex digits')
      .exactOptional(),
    noCache: z.boolean().exactOptional(),
  }),
);

export const newImageDeploymentSchema = named(
  'NewImageDeployment',
  z.strictObject({
    environment: z.string().min(1).max(64),
    image: z.string().min(1).max(500).meta({ description: 'Such as registry.example.com/app:1.2, or app@sha256:…' }),
  }),
);
