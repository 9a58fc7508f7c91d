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
    environments: z
      .array(z.string())
      .nullable()
      .meta({ description: 'The only ones that a deployer may deploy to; null: all of the project.' }),
    createdAt: z.string(),
    expiresAt: z.string().nullable().meta({ description: 'null: it is valid until it is revoked.' }),
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
    project: projectName.nullable().default(null).meta({ description: 'A deployer has one always.' }),
    environments: z
      .array(projectName)
      .min(1)
      .max(50)
      .nullable()
      .default(null)
      .meta({ description: 'Of a deployer: the only ones it may deploy to; null: all of the project.' }),
    expiresInMs: z
      .int()
      .min(60_000)
      .max(315_360_000_000)
      .nullable()
      .default(null)
      .meta({ description: 'In ms; null: it is valid until it is revoked.' }),
  }),
);

export const whoamiSchema = named(
  'Whoami',
  z.object({
    tokenId: z.string(),
    name: z.string(),
    role: z.enum(roles),
    project: z.string().nullable(),
    environments: z.array(z.string()).nullable().meta({ description: 'The only ones there are for it; null: all.' }),
  }),
);
