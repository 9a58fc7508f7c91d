import { z } from 'zod';
import { roles } from '../../domain/roles.ts';
import { named } from './named.ts';
import { nameSchema as projectName } from './project.ts';

export const tokenSchema = named(
  'Token',
  z.object({
    id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    project: z.string().nullable().meta({ description: 'null: every project.' }),
    createdAt: z.string(),
  }),
);
export type WireToken = z.output<typeof tokenSchema>;

export const createdTokenSchema = named(
  'CreatedToken',
  z.object({ ...tokenSchema.shape, secret: z.string().meta({ description: 'Shown this once.' }) }),
);

export const tokenListSchema = named('TokenList', z.object({ tokens: z.array(tokenSchema) }));

export const newTokenSchema = named(
  'NewToken',
  z.strictObject({
    name: z.string().min(1).max(100),
    role: z.enum(roles),
    project: projectName.nullable().default(null),
  }),
);

export const whoamiSchema = named(
  'Whoami',
  z.object({ tokenId: z.string(), name: z.string(), role: z.enum(roles), project: z.string().nullable() }),
);
