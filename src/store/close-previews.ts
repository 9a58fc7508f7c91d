import type { Kysely } from 'kysely';
import { subjectKey, type Preview, type PreviewSubject } from '../domain/preview.ts';
import type { Closing } from '../engine/ports/preview-store.ts';
import { holdProject, readPreview } from './preview-rows.ts';
import type { Database } from './schema.ts';

/** What serves is told to end in the same transaction: a preview that is closed never keeps its environment. */
export function closePreviews(
  db: Kysely<Database>,
  projectId: string,
  subjects: readonly PreviewSubject[],
  closing: Closing,
): Promise<readonly Preview[]> {
  return db.transaction().execute(async (tx) => {
    if (subjects.length === 0 || !(await holdProject(tx, projectId))) return [];
    const rows = await tx
      .updateTable('preview')
      .set({ open: false, closed_reason: closing.reason, ...(closing.finished ? { finished: true } : {}) })
      .where('project_id', '=', projectId)
      .where('subject_key', 'in', subjects.map(subjectKey))
      .where('open', '=', true)
      .$if(closing.ofFormerRepository !== undefined, (query) =>
        query.set({ reported: null }).where('repository', '=', closing.ofFormerRepository ?? ''),
      )
      .$if(closing.ofRevision !== undefined, (query) => query.where('revision', '=', closing.ofRevision ?? 0))
      .returning(['id', 'environment_id'])
      .execute();
    const environments = rows.flatMap(({ environment_id: id }) => (id === null ? [] : [id]));
    if (environments.length > 0)
      await tx.updateTable('environment').set({ deleting: true }).where('id', 'in', environments).execute();
    if (closing.finished && closing.ofRevision === undefined) await noteFinished(tx, projectId, subjects);
    const closed = await Promise.all(rows.map(({ id }) => readPreview(tx, id)));
    return closed.filter((preview) => preview !== null);
  });
}

/** Also of those that were closed before, by their time or by somebody. */
async function noteFinished(tx: Kysely<Database>, projectId: string, subjects: readonly PreviewSubject[]) {
  await tx
    .updateTable('preview')
    .set({ finished: true })
    .where('project_id', '=', projectId)
    .where('subject_key', 'in', subjects.map(subjectKey))
    .where('open', '=', false)
    .execute();
}
