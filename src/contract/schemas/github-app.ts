import { z } from 'zod';
import { named } from './named.ts';

export const githubAppSchema = named(
  'GitHubApp',
  z.object({
    appId: z.string(),
    slug: z.string().meta({ description: 'In the addresses that GitHub gives it.' }),
    apiUrl: z.string(),
    installUrl: z.string().meta({ description: 'Where it is installed on repositories.' }),
    fingerprint: z.string().meta({ description: '8 hex digits that are the same for the same key.' }),
    setBy: z.string(),
    setAt: z.string(),
    lastError: z
      .string()
      .nullable()
      .meta({ description: 'Why GitHub could not be asked as the App when it last was; null: it could.' }),
    lastErrorAt: z.string().nullable(),
  }),
);
export type WireGitHubApp = z.output<typeof githubAppSchema>;

export const githubAppAnswerSchema = named(
  'GitHubAppAnswer',
  z.object({ githubApp: githubAppSchema.nullable().meta({ description: 'null: none is set.' }) }),
);

/** Shapes only; which values are acceptable is for the engine to say. */
export const newGitHubAppSchema = named(
  'NewGitHubApp',
  z.strictObject({
    appId: z.string().max(100),
    privateKey: z.string().max(20_000).meta({ description: 'The .pem file that GitHub makes.' }),
    apiUrl: z
      .string()
      .max(2_000)
      .exactOptional()
      .meta({ description: 'Of an Enterprise Server: https://git.example/api/v3. Default: https://api.github.com.' }),
  }),
);
