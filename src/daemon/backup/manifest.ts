import { gt } from 'semver';
import { z } from 'zod';
import { CutoverError } from '../../domain/errors.ts';
import { migrations } from '../../store/migrate.ts';
import { version } from '../version.ts';

export const manifestPart = 'manifest.json';
export const keyPart = (id: string) => `keys/${id}.key`;
export const adminTokenPart = 'admin-token';
export const settingsPart = 'settings.json';
export const tablePart = (name: string) => `tables/${name}.ndjson`;
export const logPart = (name: string) => `logs/${name}`;
export const bundlePart = (bundle: string) => `bundles/${bundle}.tar`;
export const repositoryPart = (projectId: string) => `repositories/${projectId}.bundle`;
export const imagesPart = 'images.tar';

const artifactSchema = z.object({
  type: z.enum(['image', 'bundle']),
  /** Image id or bundle hash. */
  id: z.string(),
  /** It is in the archive. */
  included: z.boolean(),
  /** The newest deployment of each environment that needs it. */
  neededBy: z.array(
    z.object({
      project: z.string(),
      environment: z.string(),
      number: z.int(),
      commit: z.string().nullable(),
      /** It had the traffic. */
      serves: z.boolean(),
    }),
  ),
});
export type ManifestArtifact = z.output<typeof artifactSchema>;

const volumeSchema = z.object({ project: z.string(), environment: z.string(), name: z.string() });

/** The only format there is; a release that needs another raises it. */
const format = 1;

export const manifestSchema = z.object({
  format: z.literal(format),
  /** Version of Cutover that made it. */
  release: z.string(),
  platformId: z.string(),
  createdAt: z.iso.datetime(),
  /** Names, in the order they were applied. */
  migrations: z.array(z.string()),
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()), rows: z.int() })),
  sequences: z.array(z.object({ name: z.string(), lastValue: z.string().nullable() })),
  /** Of the key itself, which nobody can guess: to know it again. */
  keys: z.array(z.object({ id: z.string(), sha256: z.string() })),
  keysIncluded: z.boolean(),
  logsIncluded: z.boolean(),
  artifactsIncluded: z.boolean(),
  artifacts: z.array(artifactSchema),
  /** What is in volumes is never included. */
  volumes: z.array(volumeSchema),
  parts: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
});
export type Manifest = z.output<typeof manifestSchema>;

/** Readable of every manifest, whatever its format. */
const headSchema = z.object({ format: z.int(), release: z.string() });

export function newManifest(content: Omit<Manifest, 'format' | 'release'>): Manifest {
  return { format, release: version, ...content };
}

/** Errors: `backup_invalid`, `backup_too_new`. */
export function parseManifest(text: string): Manifest {
  const content: unknown = parseJson(text);
  const head = headSchema.safeParse(content);
  if (!head.success) throw new CutoverError('backup_invalid', 'the manifest of the backup cannot be read');
  if (head.data.format > format || gt(head.data.release, version))
    throw new CutoverError(
      'backup_too_new',
      `the backup was made by Cutover ${head.data.release}, and this is ${version}`,
    );
  const manifest = manifestSchema.safeParse(content);
  if (!manifest.success)
    throw new CutoverError(
      'backup_invalid',
      `the manifest of the backup is not complete: ${z.prettifyError(manifest.error)}`,
    );
  refuseUnknownMigrations(manifest.data);
  return manifest.data;
}

function refuseUnknownMigrations(manifest: Manifest): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = manifest.migrations.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new CutoverError(
    'backup_too_new',
    `this release does not know the database of the backup (${unknown.join(', ')})`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CutoverError('backup_invalid', 'the manifest of the backup is no JSON', { cause });
  }
}
