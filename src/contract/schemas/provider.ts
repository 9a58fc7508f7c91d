import { z } from 'zod';
import { installationStates } from '../../domain/github-app.ts';
import { providerKinds } from '../../domain/provider.ts';
import { named } from './named.ts';

const kind = z.enum(providerKinds);

export const providerSchema = named(
  'Provider',
  z.object({
    kind,
    apiUrl: z.string(),
    repository: z.string(),
    installation: z
      .enum(installationStates)
      .nullable()
      .meta({ description: 'Whether the GitHub App may act for the repository; null: there is a token of its own.' }),
    fingerprint: z.string().meta({ description: '8 hex digits that are the same for the same token or key.' }),
    tellsDeployments: z.boolean().meta({ description: 'Of environments that are no previews.' }),
    setBy: z.string(),
    setAt: z.string(),
    lastError: z
      .string()
      .nullable()
      .meta({ description: 'What the last call came to that did not succeed; null: nothing since it was set.' }),
    lastErrorAt: z.string().nullable(),
  }),
);
export type WireProvider = z.output<typeof providerSchema>;

export const providerAnswerSchema = named(
  'ProviderAnswer',
  z.object({ provider: providerSchema.nullable().meta({ description: 'null: none is set.' }) }),
);

export const providerChangeSchema = named(
  'ProviderChange',
  z.strictObject({
    tellsDeployments: z.boolean().meta({ description: 'Of environments that are no previews; default: yes.' }),
  }),
);

/** Shapes only; which values are acceptable is for the engine to say. */
export const newProviderSchema = named(
  'NewProvider',
  z.strictObject({
    token: z.string().max(4_096),
    kind: kind.exactOptional().meta({ description: 'Default: by the address of the repository. Forgejo is a gitea.' }),
    apiUrl: z
      .string()
      .max(2_000)
      .exactOptional()
      .meta({ description: 'Default: by the address of the repository; https://git.example/api/v1.' }),
    repository: z.string().max(1_000).exactOptional().meta({ description: 'As the provider names it: owner/name.' }),
  }),
);
