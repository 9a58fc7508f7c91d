import { z } from 'zod';
import { presets } from '../../domain/build-settings.ts';
import { nameLabel } from '../../domain/hosts.ts';
import { variableName } from '../../domain/variables.ts';
import { named } from './named.ts';

/** A DNS label, because it becomes part of a host. */
export const nameSchema = z
  .string()
  .regex(nameLabel, 'must be 1 to 40 lower-case letters, digits and hyphens, and begin and end with a letter or digit');

const text = z.string().min(1).max(2_000);
const path = z.string().max(500);
const buildEnv = z.record(z.string().regex(variableName, 'must be a variable name'), z.string().max(32_768));

export const buildSettingsSchema = named(
  'BuildSettings',
  z.object({
    preset: z.enum(presets),
    directory: path.meta({ description: "Directory of the app in the repository; '' is the root." }),
    dockerfile: path,
    target: z.string().nullable(),
    buildEnv: z
      .record(z.string(), z.string())
      .meta({ description: 'Set while building, not at run time. Not for secrets.' }),
    installCommand: z.string().nullable(),
    buildCommand: z.string().nullable(),
    startCommand: z.string().nullable(),
    outputDirectory: z.string().nullable(),
  }),
);

export const buildSettingsChangeSchema = named(
  'BuildSettingsChange',
  z.strictObject({
    preset: z.enum(presets).exactOptional(),
    directory: path.exactOptional(),
    dockerfile: path.min(1).exactOptional(),
    target: text.nullable().exactOptional(),
    buildEnv: buildEnv.exactOptional(),
    installCommand: text.nullable().exactOptional(),
    buildCommand: text.nullable().exactOptional(),
    startCommand: text.nullable().exactOptional(),
    outputDirectory: text.nullable().exactOptional(),
  }),
);
export type BuildSettingsChange = z.output<typeof buildSettingsChangeSchema>;

export const projectSchema = named(
  'Project',
  z.object({
    id: z.string(),
    name: z.string(),
    repository: z.string(),
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
    repository: text,
    branch: text.exactOptional().meta({ description: 'Branch of the environment `production`; default main.' }),
    build: buildSettingsChangeSchema.exactOptional(),
  }),
);

export const projectChangeSchema = named(
  'ProjectChange',
  z.strictObject({ repository: text.exactOptional(), build: buildSettingsChangeSchema.exactOptional() }),
);
