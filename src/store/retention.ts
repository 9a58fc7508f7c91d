import { sql, type Kysely } from 'kysely';
import type { ArtifactFacts, ArtifactKey, RetentionStore } from '../engine/ports/retention-store.ts';
import { contentOf, readArtifactFacts } from './artifact-facts.ts';
import { markLogsRemoved, readPast, removeHistory } from './past-deployments.ts';
import { readRetentionSettings, updateRetentionSettings } from './retention-settings.ts';
import type { Database } from './schema.ts';
import { isOneOf } from './state-literals.ts';

export function createRetentionStore(db: Kysely<Database>): RetentionStore {
  return {
    settings: () => readRetentionSettings(db),
    updateSettings: (change) => updateRetentionSettings(db, change),
    facts: (artifacts, countTo) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute((tx) => readArtifactFacts(tx, artifacts, countTo)),
    condemn: (artifact, countTo) => condemn(db, artifact, countTo),
    expected: () => readExpected(db),
    markGone: (ids) => markGone(db, ids),
    markPresent: (ids) => markPresent(db, ids),
    past: (kind, page) => readPast(db, kind, page),
    markLogsRemoved: (deploymentId) => markLogsRemoved(db, deploymentId),
    removeHistory: (deploymentId) => removeHistory(db, deploymentId),
  };
}

/**
 * A build that began before the key was gone may have been answered with the artifact: it is seen among the facts, which are read after
 * that. One that begins later builds anew. Where a build has begun, nothing is forgotten.
 */
async function condemn(db: Kysely<Database>, artifact: ArtifactKey, countTo: number): Promise<ArtifactFacts> {
  const before = await factsOf(db, artifact, countTo);
  if (before.awaitedBy !== null) return before;
  const { rows } = await sql<{ readonly projectId: string }>`
    delete from artifact a where ${contentOf('a')} = ${artifact.id} returning a.project_id as "projectId"`.execute(db);
  const after = await factsOf(db, artifact, countTo);
  if (after.awaitedBy !== null || rows.length === 0) return after;
  return { ...after, awaitedBy: await beingMadeIn(db, [...new Set(rows.map(({ projectId }) => projectId))]) };
}

async function factsOf(db: Kysely<Database>, artifact: ArtifactKey, countTo: number): Promise<ArtifactFacts> {
  const facts = (await readArtifactFacts(db, [artifact], countTo)).get(artifact.id);
  if (facts === undefined) throw new Error(`no facts of ${artifact.id}`);
  return facts;
}

async function beingMadeIn(db: Kysely<Database>, projectIds: readonly string[]): Promise<ArtifactFacts['awaitedBy']> {
  const row = await db
    .selectFrom('deployment as d')
    .innerJoin('project as p', 'p.id', 'd.project_id')
    .select(['p.name as project', 'd.number'])
    .where(isOneOf('d.state', ['running']))
    .where('d.artifact', 'is', null)
    .where('d.project_id', 'in', projectIds)
    .executeTakeFirst();
  return row ?? null;
}

async function readExpected(db: Kysely<Database>): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly id: string }>`
    select distinct ${contentOf('d')} as id from deployment d
    where d.artifact is not null and d.artifact_gone_at is null`.execute(db);
  return rows.map(({ id }) => id);
}

async function markGone(db: Kysely<Database>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`update deployment d set artifact_gone_at = now()
    where d.artifact is not null and d.artifact_gone_at is null and ${contentOf('d')} = any(${ids}::text[])`.execute(
    db,
  );
  await sql`delete from artifact a where ${contentOf('a')} = any(${ids}::text[])`.execute(db);
}

/** The same files are the same bundle again. */
async function markPresent(db: Kysely<Database>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`update deployment d set artifact_gone_at = null
    where d.artifact is not null and d.artifact_gone_at is not null and ${contentOf('d')} = any(${ids}::text[])`.execute(
    db,
  );
}
