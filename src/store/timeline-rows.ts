import type { Kysely } from 'kysely';
import type { TimelineEntry } from '../domain/timeline.ts';
import { toJson, type Database } from './schema.ts';

interface TimelineOwner {
  readonly id: string;
  readonly project_id: string;
}

/** Appends entries to a deployment's timeline, in order. */
export async function appendTimeline(
  db: Kysely<Database>,
  owner: TimelineOwner,
  entries: readonly TimelineEntry[],
): Promise<void> {
  if (entries.length > 0) await timelineRows(db, owner, entries).execute();
}

/** The same as a statement, to be sent with others; there must be entries. */
export function timelineRows(db: Kysely<Database>, owner: TimelineOwner, entries: readonly TimelineEntry[]) {
  const rows = entries.map((entry) => ({
    deployment_id: owner.id,
    project_id: owner.project_id,
    entry: toJson(entry),
  }));
  return db.insertInto('timeline').values(rows);
}
