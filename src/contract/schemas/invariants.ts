import { z } from 'zod';
import { violationCodes } from '../../domain/invariants.ts';
import { named } from './named.ts';

const sightingSchema = named(
  'InvariantSighting',
  z.object({
    code: z.enum(violationCodes),
    subject: z.string().meta({ description: 'Of which object: "container 3f…", "host shop.example.com".' }),
    message: z.string(),
    deploymentId: z.string().nullable().meta({ description: 'In whose timeline it is told; null: in none.' }),
    since: z.string().meta({ description: 'ISO 8601; when it was first seen.' }),
    next: z.string().meta({ description: 'What to do.' }),
  }),
);

export const invariantReportSchema = named(
  'InvariantReport',
  z.object({
    at: z.string(),
    violations: z.array(sightingSchema),
    suspicions: z
      .array(sightingSchema)
      .meta({ description: 'Not as it should be, but not for long enough: most of it goes away by itself.' }),
  }),
);
export type InvariantReport = z.output<typeof invariantReportSchema>;
