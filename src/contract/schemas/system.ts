import { z } from 'zod';
import { named } from './named.ts';

export const healthSchema = named('Health', z.object({ status: z.literal('ok') }));

export const serverStatusSchema = named(
  'ServerStatus',
  z.object({
    version: z.string().meta({ description: 'Version of Cutover.' }),
    node: z.string(),
    pid: z.int(),
    startedAt: z.string(),
    baseDomain: z.string(),
    listeners: z
      .array(z.object({ name: z.string(), address: z.string(), port: z.int() }))
      .meta({ description: 'The API, the router and whatever else listens.' }),
    components: z.array(
      z.object({
        name: z.string().meta({ description: 'postgresql, docker, haproxy, nginx …' }),
        healthy: z.boolean(),
        version: z.string().nullable(),
        detail: z.string().nullable(),
      }),
    ),
  }),
);
export type ServerStatus = z.output<typeof serverStatusSchema>;

export const doctorReportSchema = named(
  'DoctorReport',
  z.object({
    checks: z.array(
      z.object({
        name: z.string(),
        status: z.enum(['ok', 'warning', 'failed']),
        found: z.string().meta({ description: 'What was seen.' }),
        fix: z.string().nullable().meta({ description: 'What to do; null where nothing is needed.' }),
      }),
    ),
  }),
);
export type DoctorReport = z.output<typeof doctorReportSchema>;

const partSchema = z.object({
  name: z.enum(['images', 'build-cache', 'repositories', 'mirrors', 'checkouts', 'bundles', 'logs', 'database']),
  bytes: z.number().nullable().meta({ description: 'null: it could not be counted now.' }),
  budgetBytes: z.number().nullable().meta({
    description: 'What is kept at most (of images, beside those that rules keep); null: there is no budget.',
  }),
  what: z.string(),
});

export const diskUsageSchema = named('DiskUsage', z.object({ parts: z.array(partSchema) }));
export type DiskUsage = z.output<typeof diskUsageSchema>;
