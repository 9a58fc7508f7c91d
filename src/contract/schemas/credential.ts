import { z } from 'zod';
import { named } from './named.ts';

export const credentialSchema = named(
  'RepositoryCredential',
  z.object({
    kind: z.enum(['token', 'deploy-key']),
    host: z.string().meta({ description: 'The only server that it is shown to.' }),
    fingerprint: z.string().meta({
      description:
        'SHA256:… of the public key, as the providers show it; of a token 8 hex digits that are the same for the same token.',
    }),
    setBy: z.string(),
    setAt: z.string(),
  }),
);
export type WireCredential = z.output<typeof credentialSchema>;

export const credentialAnswerSchema = named(
  'RepositoryCredentialAnswer',
  z.object({ credential: credentialSchema.nullable().meta({ description: 'null: none is set.' }) }),
);

/** Shapes only; which values are acceptable is for the engine to say. */
export const newCredentialSchema = named(
  'NewRepositoryCredential',
  z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('token'),
      username: z.string().max(255).exactOptional().meta({ description: 'Default: x-access-token.' }),
      token: z.string().max(4_096),
    }),
    z.strictObject({
      kind: z.literal('deploy-key'),
      privateKey: z.string().max(32_768).meta({ description: "In OpenSSH's format, without a passphrase." }),
    }),
  ]),
);
