import { z } from 'zod';
import { builders, presets } from '../../domain/build-settings.ts';
import { nameLabel } from '../../domain/hosts.ts';
import { named } from './named.ts';

/** A DNS label, because it becomes part of a host. */
export const nameSchema = z
  .string()
  .regex(nameLabel, 'must be 1 to 40 lower-case letters, digits and hyphens, and begin and end with a letter or digit');

const text = z.string().min(1).max(2_000);

export const buildSettingsSchema = named(
  'BuildSettings',
  z.object({
    builder: z.enum(builders),
    preset: z.enum(presets),
    directory: z.string().meta({ description: "Directory of the app in the repository; '' is the root." }),
    dockerfile: z.string(),
    target: z.string().nullable(),
    buildEnv: z
      .record(z.string(), z.string())
      .meta({ description: 'Set while building, not at run time. Not for secrets.' }),
    installCommand: z.string().nullable(),
    buildCommand: z.string().nullable(),
    startCommand: z.string().nullable(),
    outputDirectory: z.string().nullable(),
    submodules: z.boolean(),
    lfs: z.boolean().meta({ description: 'With the content of files that Git LFS keeps.' }),
  }),
);

/** Shapes only; which values are acceptable is for the domain to say. */
export const buildSettingsChangeSchema = named(
  'BuildSettingsChange',
  z.strictObject({
    builder: z.enum(builders).exactOptional(),
    preset: z.enum(presets).exactOptional(),
    directory: z.string().exactOptional(),
    dockerfile: z.string().exactOptional(),
    target: z.string().nullable().exactOptional(),
    buildEnv: z.record(z.string(), z.string()).exactOptional(),
    installCommand: z.string().nullable().exactOptional(),
    buildCommand: z.string().nullable().exactOptional(),
    startCommand: z.string().nullable().exactOptional(),
    outputDirectory: z.string().nullable().exactOptional(),
    submodules: z.boolean().exactOptional(),
    lfs: z.boolean().exactOptional(),
  }),
);
export type BuildSettingsChange = z.output<typeof buildSettingsChangeSchema>;

export const projectSchema = named(
  'Project',
  z.object({
    id: z.string(),
    name: z.string(),
    repository: z
      .string()
      .nullable()
      .meta({ description: 'null: what it deploys comes as images, tarballs or bundles only.' }),
    build: buildSettingsSchema,
    createdAt: z.string(),
  }),
);
export type WireProject = z.output<typeof projectSchema>;

export const projectListSchema = named('ProjectList', z.object({ projects: z.array(projectSchema) }));

export const newProjectSchema = named(
  'NewProject',
  z.strictObject({
    name: nameSchema,
    repository: text.nullable().meta({ description: 'null: none; it deploys images, tarballs or bundles only.' }),
    gitPush: z
      .boolean()
      .exactOptional()
      .meta({ description: 'The platform keeps the repository, which is pushed to; `repository` is null then.' }),
    branch: text.exactOptional().meta({ description: 'Branch of the environment `production`; default main.' }),
    build: buildSettingsChangeSchema.exactOptional(),
  }),
);

export const projectChangeSchema = named(
  'ProjectChange',
  z.strictObject({
    repository: text.exactOptional(),
    gitPush: z
      .literal(true)
      .exactOptional()
      .meta({ description: 'The platform keeps the repository from now on, which is pushed to.' }),
    build: buildSettingsChangeSchema.exactOptional(),
  }),
);

export const projectRemoteSchema = named(
  'ProjectRemote',
  z.object({
    url: z.string().meta({ description: 'For `git remote add`; the password is a token that may deploy.' }),
    branches: z
      .array(z.object({ branch: z.string(), environments: z.array(z.string()) }))
      .meta({ description: 'Branches that are deployed, and where to.' }),
  }),
);
