import { z } from 'zod';
import { named } from './named.ts';

const latency = z.number().nullable();

const trafficFiguresSchema = named(
  'TrafficFigures',
  z.object({
    requests: z.int(),
    failed: z.int().meta({ description: '5xx and answers that were cut off or never came.' }),
    p50Ms: latency,
    p95Ms: latency,
    p99Ms: latency,
  }),
);
export type WireTrafficFigures = z.output<typeof trafficFiguresSchema>;

const averageAndMax = named('AverageAndMax', z.object({ average: z.number(), max: z.number() }));

const resourceUseSchema = named(
  'ResourceUse',
  z
    .object({
      readings: z.int(),
      memoryBytes: averageAndMax,
      cpuCores: averageAndMax
        .nullable()
        .meta({ description: '1 is one core, fully used. null: there was one reading.' }),
      cpuOverMs: z.number().meta({ description: 'The time that `cpuCores` is of.' }),
    })
    .meta({ description: 'Of all instances together. `memoryBytes` is without page cache that could be given back.' }),
);
export type WireResourceUse = z.output<typeof resourceUseSchema>;

const duration = z.number().nullable();

/** Rule 2.6. */
export const measurementsSchema = named(
  'Measurements',
  z
    .object({
      before: trafficFiguresSchema.nullable().meta({ description: 'Of what served before.' }),
      during: trafficFiguresSchema.nullable().meta({ description: 'Of every version, while traffic moved.' }),
      after: trafficFiguresSchema.nullable().meta({ description: 'Of the new version, until the observation ended.' }),
      gateMs: duration,
      drainMs: duration,
      heldMs: duration.meta({ description: 'The longest time for which requests waited in the router.' }),
      resources: resourceUseSchema
        .nullable()
        .meta({ description: 'CPU and memory of the new version, until the observation ended.' }),
    })
    .meta({ description: 'A null was not measured, or not yet. Durations in milliseconds.' }),
);
