import { z } from 'zod';
import { previewStates } from '../../domain/preview.ts';
import { named } from './named.ts';

const commit = z.string().regex(/^[0-9a-f]{40}$/, 'must be 40 hex digits');

export const previewSchema = named(
  'Preview',
  z.object({
    name: z.string().meta({ description: 'Also of its environment.' }),
    state: z.enum(previewStates),
    subject: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('pull-request'), number: z.int() }),
      z.object({ kind: z.literal('branch'), branch: z.string() }),
      z
        .object({ kind: z.literal('deployment'), number: z.int(), preview: z.string() })
        .meta({ description: 'One deployment of another preview, which never shows anything else.' }),
    ]),
    repository: z.string(),
    branch: z.string(),
    commit: z.string().nullable().meta({ description: 'The newest; null: the head of the branch.' }),
    title: z.string().nullable(),
    link: z.string().nullable().meta({ description: 'To the page of the pull request.' }),
    fromFork: z.boolean(),
    approvedCommit: z.string().nullable().meta({ description: 'The commit of a fork that may be built.' }),
    approvedBy: z.string().nullable(),
    closedReason: z.string().nullable(),
    address: z.string().nullable().meta({ description: 'At which it is reached; null while it has no environment.' }),
    deployment: z
      .object({ number: z.int(), state: z.string(), reason: z.string().nullable() })
      .nullable()
      .meta({ description: 'Its newest.' }),
    deploymentUrls: z
      .array(z.object({ number: z.int(), url: z.string() }))
      .meta({ description: 'Of those of its deployments that have one of their own, the newest first.' }),
    asleepSince: z
      .string()
      .nullable()
      .meta({ description: 'Nobody used it: it is started again for the next visitor; null: it is awake.' }),
    pushedAt: z.string(),
    expiresAt: z.string().nullable().meta({ description: 'null: it does not end by itself.' }),
    createdAt: z.string(),
  }),
);
export type WirePreview = z.output<typeof previewSchema>;

export const previewListSchema = named('PreviewList', z.object({ previews: z.array(previewSchema) }));

export const previewQuerySchema = z.strictObject({
  closed: z.stringbool().default(false).meta({ description: 'Those too for which there is nothing any more.' }),
});

export const newPreviewSchema = named(
  'NewPreview',
  z.strictObject({
    pullRequest: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .exactOptional()
      .meta({ description: 'Its number; without it, the preview is one of the branch.' }),
    branch: z.string().min(1).max(255),
    commit: commit.exactOptional().meta({ description: 'Default: the head of the branch.' }),
    title: z.string().max(1_000).exactOptional(),
    link: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .exactOptional(),
    fromFork: z
      .boolean()
      .exactOptional()
      .meta({ description: "The commit is in somebody else's repository: it is not built before it is approved." }),
  }),
);

export const previewApprovalSchema = named('PreviewApproval', z.strictObject({ commit }));

const settings = {
  pullRequests: z.boolean().meta({ description: 'Pull requests get a preview by themselves.' }),
  branches: z.boolean().meta({ description: 'Branches that no environment deploys get one by themselves.' }),
  limit: z.int().meta({ description: 'How many there may be at once.' }),
  ttlMs: z.int().nullable().meta({ description: 'After the last push; null: they do not end by themselves.' }),
  sleepAfterMs: z
    .int()
    .nullable()
    .meta({ description: 'Without a request for so long they are put to sleep; null: they are not.' }),
  deploymentUrls: z.int().meta({ description: 'So many of the newest deployments of each have a URL of their own.' }),
  noindex: z.boolean().meta({ description: 'Search engines are told not to list them.' }),
  replicas: z.int(),
  cpuCores: z.number().meta({ description: 'Per instance.' }),
  memoryMb: z.int().meta({ description: 'Per instance, in MiB.' }),
};

export const previewSettingsSchema = named(
  'PreviewSettings',
  z.object({
    ...settings,
    password: z.boolean().meta({ description: 'Whether visitors are asked for one; their user name is `preview`.' }),
  }),
);
export type WirePreviewSettings = z.output<typeof previewSettingsSchema>;

/** Shapes only; which values are acceptable is for the domain to say. */
export const previewSettingsChangeSchema = named(
  'PreviewSettingsChange',
  z.strictObject({
    pullRequests: settings.pullRequests.exactOptional(),
    branches: settings.branches.exactOptional(),
    limit: settings.limit.exactOptional(),
    ttlMs: settings.ttlMs.exactOptional(),
    sleepAfterMs: settings.sleepAfterMs.exactOptional(),
    deploymentUrls: settings.deploymentUrls.exactOptional(),
    noindex: settings.noindex.exactOptional(),
    replicas: settings.replicas.exactOptional(),
    cpuCores: settings.cpuCores.exactOptional(),
    memoryMb: settings.memoryMb.exactOptional(),
    password: z
      .string()
      .max(200)
      .nullable()
      .exactOptional()
      .meta({ description: 'That visitors give; null: none. It is never shown again.' }),
  }),
);
