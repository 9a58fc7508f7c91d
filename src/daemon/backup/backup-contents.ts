import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Artifact } from '../../domain/artifact.ts';
import { endOfArchive, writePart, type WrittenPart } from '../../drivers/backup/archive-parts.ts';
import { readKeys } from '../../drivers/secrets/key-files.ts';
import type { ArtifactUse } from '../../store/backup/artifact-uses.ts';
import type { DatabaseDump } from '../../store/backup/dump-database.ts';
import type { TableLayout } from '../../store/backup/table-layout.ts';
import type { EnvironmentVariables } from '../environment-variables.ts';
import type { Attendance, BackupPlaces } from './backup-places.ts';
import * as names from './manifest.ts';

export interface BackupContent {
  readonly dump: DatabaseDump;
  readonly places: BackupPlaces;
  readonly platformId: string;
  readonly settings: EnvironmentVariables;
  readonly wishes: { readonly artifacts: boolean; readonly logs: boolean; readonly keys: boolean };
}

type Blocks<T> = AsyncGenerator<Buffer, T, undefined>;

/** What is in a backup, in its order; the manifest, known only then, comes last. */
export class BackupContents {
  readonly #content: BackupContent;
  readonly #attendance: Attendance;
  readonly #parts: WrittenPart[] = [];
  readonly #createdAt = new Date().toISOString();

  constructor(content: BackupContent, attendance: Attendance) {
    this.#content = content;
    this.#attendance = attendance;
  }

  /** Returns the manifest. */
  async *blocks(): Blocks<names.Manifest> {
    const { dump, platformId, wishes, settings } = this.#content;
    const tables = yield* this.#tables(dump);
    const sequences = [...(await dump.sequences())];
    // What comes now may take long, and an open snapshot keeps the database from tidying up.
    await dump[Symbol.asyncDispose]();
    // Read after the rows: whatever sealed one of them is there by now.
    const keys = yield* this.#keys();
    yield* this.#part(names.settingsPart, JSON.stringify(settings));
    yield* this.#repositories();
    if (wishes.logs) yield* this.#logs();
    const artifacts = yield* this.#artifacts();
    const volumes = dump.artifactUses.flatMap((use) =>
      use.volumes.map((name) => ({ project: use.project, environment: use.environment, name })),
    );
    const manifest = names.newManifest({
      platformId,
      createdAt: this.#createdAt,
      migrations: [...dump.migrations],
      tables,
      sequences,
      keys,
      artifacts,
      volumes,
      keysIncluded: wishes.keys,
      logsIncluded: wishes.logs,
      artifactsIncluded: wishes.artifacts,
      parts: [...this.#parts],
    });
    yield* this.#part(names.manifestPart, JSON.stringify(manifest, null, 2));
    yield endOfArchive;
    return manifest;
  }

  async *#part(name: string, content: AsyncIterable<Uint8Array> | string): Blocks<void> {
    this.#attendance.signal.throwIfAborted();
    this.#parts.push(yield* writePart(name, typeof content === 'string' ? fromText(content) : content));
  }

  async *#tables(dump: DatabaseDump): Blocks<names.Manifest['tables']> {
    const written: names.Manifest['tables'] = [];
    for (const table of dump.tables) {
      const count = { rows: 0 };
      yield* this.#part(names.tablePart(table.name), counted(dump.rows(table), count));
      written.push({ name: table.name, columns: columnNames(table), rows: count.rows });
    }
    this.#attendance.progress(`database: ${written.reduce((sum, { rows: each }) => sum + each, 0)} rows`);
    return written;
  }

  async *#keys(): Blocks<names.Manifest['keys']> {
    const { directory } = this.#content.places;
    const keys = await readKeys(directory.keys);
    if (this.#content.wishes.keys) {
      for (const { id, bytes } of keys) yield* this.#part(names.keyPart(id), `${bytes.toString('base64')}\n`);
      yield* this.#part(names.adminTokenPart, await readFile(directory.adminToken, 'utf8'));
    }
    return keys.map(({ id, bytes }) => ({ id, sha256: createHash('sha256').update(bytes).digest('hex') }));
  }

  /** Read after the rows: what one of them was made from is there by now. */
  async *#repositories(): Blocks<void> {
    const { repositories } = this.#content.places;
    const found = await repositories.list();
    for (const id of found) yield* this.#part(names.repositoryPart(id), repositories.save(id, this.#attendance.signal));
    if (found.length > 0) this.#attendance.progress(`repositories: ${found.length}`);
  }

  async *#logs(): Blocks<void> {
    const { logs } = this.#content.places;
    const found = await logs.list();
    for (const name of found) yield* this.#part(names.logPart(name), logs.save(name));
    this.#attendance.progress(`logs: ${found.length}`);
  }

  async *#artifacts(): Blocks<names.ManifestArtifact[]> {
    const { dump, places, wishes } = this.#content;
    const { progress, signal } = this.#attendance;
    const all = byArtifact(dump.artifactUses);
    if (!wishes.artifacts) return all.filter(isServing);
    const images = await places.images.present(idsOf(all, 'image'), signal);
    const stored = new Set(await places.bundles.list());
    const bundles = idsOf(all, 'bundle').filter((id) => stored.has(id));
    progress(`artifacts: ${images.length} images, ${bundles.length} static bundles`);
    for (const bundle of bundles) yield* this.#part(names.bundlePart(bundle), places.bundles.save(bundle));
    if (images.length > 0) yield* this.#part(names.imagesPart, places.images.save(images, signal));
    const included = new Set([...images, ...bundles]);
    const listed = all.map((artifact) => ({ ...artifact, included: included.has(artifact.id) }));
    return listed.filter((artifact) => artifact.included || isServing(artifact));
  }
}

function isServing({ neededBy }: names.ManifestArtifact): boolean {
  return neededBy.some(({ serves }) => serves);
}

function idsOf(artifacts: readonly names.ManifestArtifact[], wanted: Artifact['type']): string[] {
  return artifacts.filter(({ type }) => type === wanted).map(({ id }) => id);
}

function byArtifact(uses: readonly ArtifactUse[]): names.ManifestArtifact[] {
  const grouped = Map.groupBy(uses, ({ artifact }) => idOf(artifact));
  return [...grouped].map(([id, users]) => ({
    type: users[0]?.artifact.type ?? 'image',
    id,
    included: false,
    neededBy: users.map(({ project, environment, number, commit, serves }) => {
      return { project, environment, number, commit, serves };
    }),
  }));
}

function idOf(artifact: Artifact): string {
  return artifact.type === 'image' ? artifact.imageId : artifact.bundle;
}

function columnNames({ columns }: TableLayout): string[] {
  return columns.map(({ name }) => name);
}

async function* fromText(text: string): AsyncGenerator<Buffer, void, undefined> {
  yield Buffer.from(text);
}

async function* counted(
  lines: AsyncIterable<Buffer>,
  count: { rows: number },
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of lines) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count.rows += 1;
    yield chunk;
  }
}
