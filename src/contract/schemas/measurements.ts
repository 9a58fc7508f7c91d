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
    })
    .meta({ description: 'A null was not measured, or not yet. Durations in milliseconds.' }),
);
