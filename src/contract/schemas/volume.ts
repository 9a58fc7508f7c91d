import { z } from 'zod';
import { volumeAccesses } from '../../domain/volumes.ts';
import { named } from './named.ts';

const access = z
  .enum(volumeAccesses)
  .meta({ description: '`exclusive`: one writer at a time, which makes the strategy `recreate`.' });

export const volumeSchema = named(
  'Volume',
  z.object({
    name: z.string(),
    path: z.string().meta({ description: 'Absolute path in the container.' }),
    access,
    readOnly: z.boolean(),
  }),
);
export type WireVolume = z.output<typeof volumeSchema>;

/** Shapes only; which values are acceptable is for the domain to say. */
export const newVolumeSchema = named(
  'NewVolume',
  z.strictObject({
    name: z.string(),
    path: z.string(),
    access: access.default('shared'),
    readOnly: z.boolean().default(false),
  }),
);
