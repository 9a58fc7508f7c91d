import { z } from 'zod';
import { named } from './named.ts';

const commitSchema = named(
  'Commit',
  z.object({ sha: z.string(), message: z.string(), author: z.string(), committedAt: z.string() }),
);

const uploadSchema = named(
  'Upload',
  z.object({
    id: z.string(),
    filename: z.string().meta({ description: 'As the caller named it; `-` where it did not.' }),
    sizeBytes: z.number(),
    sha256: z.string().meta({ description: 'Of its bytes as they were received, 64 hex digits.' }),
  }),
);

const sentCommitSchema = named(
  'SentCommit',
  z.object({
    sha: z.string().meta({ description: 'As whoever sent the directory says.' }),
    dirty: z.boolean().meta({ description: 'There were changes beside the commit.' }),
  }),
);

/** Where what is run comes from. */
export const sourceSchema = named(
  'DeploymentSource',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('git'),
      repository: z.string(),
      branch: z.string(),
      requestedCommit: z.string().nullable(),
      commit: commitSchema.nullable().meta({ description: 'null until the repository has been read.' }),
    }),
    z.object({
      kind: z.literal('image'),
      reference: z.string().meta({ description: 'As it was given.' }),
      digest: z.string().nullable().meta({ description: 'What is pulled; null until the registry has been asked.' }),
    }),
    z.object({ kind: z.literal('image-upload'), upload: uploadSchema }),
    z.object({
      kind: z.literal('bundle'),
      upload: uploadSchema,
      spa: z.boolean().meta({ description: 'Unknown paths are answered with /index.html.' }),
    }),
    z.object({
      kind: z.literal('directory'),
      upload: uploadSchema,
      commit: sentCommitSchema.nullable().meta({ description: 'null: it is no work tree of Git, or nobody said.' }),
      tree: z
        .string()
        .nullable()
        .meta({ description: 'Of its paths and contents, 64 hex digits; null until it has been read.' }),
    }),
  ]),
);
