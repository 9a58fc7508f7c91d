import { z } from 'zod';
import { deploymentStates } from '../../domain/deployment-state.ts';
import { rolloutStrategies } from '../../domain/environment-settings.ts';
import { observationOutcomes } from '../../domain/observation.ts';
import { jobStatusSchema, jobTypeSchema } from './job.ts';
import { named } from './named.ts';

const state = z.enum(deploymentStates);
const ordinal = z.int().meta({ description: 'Replica, from 1.' });
const process = z.string().meta({ description: 'Name of the process; `web` where it is not given.' });
const deployment = z
  .int()
  .meta({ description: 'Number of the deployment that is put on standby, drained or removed.' });
const uptime = z
  .object({ boot: z.string(), ms: z.number() })
  .meta({ description: 'Of the machine: how long requests wait is told by it, whatever the time of day is set to.' });

function kind<K extends string, S extends z.ZodRawShape>(name: K, shape: S) {
  return z.object({ kind: z.literal(name), ...shape });
}

/** One variant per kind of event (rule 2.5). Durations in ms, sizes in bytes, shares in percent. */
export const timelineEventSchema = named(
  'TimelineEvent',
  z.discriminatedUnion('kind', [
    kind('state.changed', { from: state.nullable(), to: state, reason: z.string().nullable() }),
    kind('job.started', { job: jobTypeSchema }),
    kind('job.finished', { job: jobTypeSchema, status: jobStatusSchema, error: z.string().nullable() }),
    kind('source.resolved', { commit: z.string(), message: z.string() }),
    kind('image.resolved', { reference: z.string(), digest: z.string() }),
    kind('image.received', { imageId: z.string(), sizeBytes: z.number() }),
    kind('bundle.received', { bundle: z.string(), files: z.int(), sizeBytes: z.number() }),
    kind('directory.received', { tree: z.string(), files: z.int(), sizeBytes: z.number() }),
    kind('build.planned', { preset: z.string(), explanation: z.array(z.string()) }),
    kind('build.waiting', {}),
    kind('build.started', { waitedMs: z.number() }),
    kind('build.completed', { sizeBytes: z.number(), reused: z.boolean() }),
    kind('rollout.planned', { strategy: z.enum(rolloutStrategies), explanation: z.array(z.string()) }),
    kind('instance.starting', { ordinal, process: process.exactOptional() }),
    kind('gate.passed', {
      ordinal,
      process: process.exactOptional(),
      attempts: z.int(),
      sinceStartMs: z.number(),
    }),
    kind('gate.failed', { ordinal, process: process.exactOptional(), message: z.string() }),
    kind('instance.crashed', {
      ordinal,
      process,
      exitCode: z.int().nullable(),
      outOfMemory: z.boolean(),
      restarts: z.int(),
    }),
    kind('instance.recovered', { ordinal, process, restarts: z.int() }),
    kind('traffic.held', { uptime: uptime.optional() }),
    kind('traffic.released', { heldMs: z.number() }),
    kind('paused', { by: z.string() }),
    kind('resumed', { by: z.string() }),
    kind('asleep', {}),
    kind('awake', { tookMs: z.number() }),
    kind('standby', { deployment, instances: z.int(), untilMs: z.number() }),
    kind('suspicion', { message: z.string(), share: z.number() }),
    kind('cleared', { message: z.string() }),
    kind('alert', { message: z.string() }),
    kind('rollback.decided', { to: z.int().nullable(), reason: z.string() }),
    kind('observation.ended', { outcome: z.enum(observationOutcomes), message: z.string() }),
    kind('traffic.shifting', { share: z.number() }),
    kind('draining', { deployment, connections: z.int() }),
    kind('drained', { deployment, closed: z.int(), durationMs: z.number() }),
    kind('removed', { deployment, instances: z.int() }),
    kind('taken-back', { reason: z.string() }),
    kind('complete', { requests: z.int(), failed: z.int() }),
  ]),
);

export const timelineEntrySchema = named(
  'TimelineEntry',
  z.object({
    id: z.int().meta({ description: 'Ascending; also the id of the server-sent event.' }),
    at: z.string(),
    text: z.string().meta({ description: 'The event in one line, for people.' }),
    event: timelineEventSchema,
  }),
);
export type WireTimelineEntry = z.output<typeof timelineEntrySchema>;

export const timelineSchema = named('Timeline', z.object({ entries: z.array(timelineEntrySchema) }));
