import { z } from 'zod';
import { named } from './named.ts';

export const registrySchema = named(
  'RegistryCredential',
  z.object({
    host: z.string().meta({ description: 'The only registry that it is shown to.' }),
    username: z.string(),
    fingerprint: z.string().meta({ description: '8 hex digits that are the same for the same password.' }),
    setBy: z.string(),
    setAt: z.string(),
  }),
);

export const registryListSchema = named('RegistryCredentialList', z.object({ registries: z.array(registrySchema) }));

/** Shapes only; which values are acceptable is for the engine to say. */
export const newRegistrySchema = named(
  'NewRegistryCredential',
  z.strictObject({
    username: z.string().max(255),
    password: z.string().max(4_096).meta({ description: 'Or a token, where the registry takes one.' }),
  }),
);
