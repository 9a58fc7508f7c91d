import { sql, type Kysely } from 'kysely';
import { effectOfOpening, subjectKey, type PreviewOpening } from '../domain/preview.ts';
import type { NewPreviewNames, Opened, PreviewProject } from '../engine/ports/preview-store.ts';
import { holdProject, readPreview } from './preview-rows.ts';
import { toJson, type Database } from './schema.ts';

type Opening = PreviewOpening & NewPreviewNames;

/** One row for each subject, however many ask at once: they take turns at the project's row. */
export function openPreview(db: Kysely<Database>, project: PreviewProject, opening: Opening): Promise<Opened | null> {
  return db.transaction().execute(async (tx) => {
    if (!(await holdProject(tx, project.id))) return null;
    const known = await tx
      .selectFrom('preview')
      .select(['id', 'open', 'finished', 'commit'])
      .where('project_id', '=', project.id)
      .where('repository', '=', project.repository)
      .where('subject_key', '=', subjectKey(opening.subject))
      .executeTakeFirst();
    const effect = known === undefined ? 'opened' : effectOfOpening(known, opening);
    if (known === undefined && !(await insert(tx, project, opening))) return null;
    if (known !== undefined && effect === 'push') await push(tx, known.id, opening);
    const preview = await readPreview(tx, known?.id ?? opening.id);
    return preview === null ? null : { preview, effect };
  });
}

/** False where every name is taken. */
async function insert(tx: Kysely<Database>, project: PreviewProject, opening: Opening): Promise<boolean> {
  const { id, subject, branch, commit, title, link, fromFork } = opening;
  const name = await firstFreeName(tx, project.id, opening.names, id);
  if (name === null) return false;
  await tx
    .insertInto('preview')
    .values({
      id,
      project_id: project.id,
      repository: project.repository,
      subject_key: subjectKey(subject),
      subject: toJson(subject),
      name,
      branch,
      commit,
      title,
      link,
      from_fork: fromFork,
    })
    .execute();
  return true;
}

/** Names of environments and of other previews are taken, also of those that are closed: the name of a preview is its own for ever. */
export async function firstFreeName(
  tx: Kysely<Database>,
  projectId: string,
  names: readonly string[],
  previewId: string,
): Promise<string | null> {
  const taken = await sql<{ name: string }>`
    select name from environment where project_id = ${projectId} and name = any(${names})
    union all
    select name from preview where project_id = ${projectId} and name = any(${names}) and id <> ${previewId}`.execute(
    tx,
  );
  const used = new Set(taken.rows.map((row) => row.name));
  return names.find((name) => !used.has(name)) ?? null;
}

/** That it was from a fork once is never forgotten by what calls itself otherwise later. */
async function push(tx: Kysely<Database>, id: string, { branch, commit, title, link, fromFork }: Opening) {
  await tx
    .updateTable('preview')
    .set({
      open: true,
      finished: false,
      closed_reason: null,
      branch,
      commit,
      title: sql<string | null>`coalesce(${title}, title)`,
      link: sql<string | null>`coalesce(${link}, link)`,
      from_fork: sql<boolean>`from_fork or ${fromFork}`,
      revision: sql<number>`revision + 1`,
      pushed_at: sql<string>`now()`,
    })
    .where('id', '=', id)
    .execute();
}
