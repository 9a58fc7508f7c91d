import { z } from 'zod';
import { named } from './named.ts';

export const logLineSchema = named(
  'LogLine',
  z.object({
    at: z.number().meta({ description: 'Epoch milliseconds.' }),
    stream: z.enum(['stdout', 'stderr', 'system']),
    text: z.string(),
    next: z.int().meta({ description: 'Byte offset just after this line; also the id of the server-sent event.' }),
  }),
);
export type WireLogLine = z.output<typeof logLineSchema>;

export const logPageSchema = named(
  'LogPage',
  z.object({
    lines: z.array(logLineSchema),
    next: z.int().meta({ description: 'The offset to go on from.' }),
    more: z.boolean().meta({ description: 'False when the log had nothing further at that moment.' }),
  }),
);
export type WireLogPage = z.output<typeof logPageSchema>;
