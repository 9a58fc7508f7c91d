import { sql, type Kysely } from 'kysely';
import { defaultPreviewSettings } from '../domain/preview-settings.ts';
import type { OpenPreview, PreviewStore } from '../engine/ports/preview-store.ts';
import { closePreviews } from './close-previews.ts';
import { deploymentsWithoutUrl, outdatedUrls } from './deployment-urls.ts';
import { openPreview } from './open-preview.ts';
import { placePreview } from './place-preview.ts';
import { readPreview, selectPreviews, toPreview } from './preview-rows.ts';
import {
  readPreviewPassword,
  readPreviewSettings,
  setPreviewPassword,
  updatePreviewSettings,
} from './preview-settings.ts';
import type { Database } from './schema.ts';

const listLimit = 1_000;

export function createPreviewStore(db: Kysely<Database>): PreviewStore {
  return {
    settings: (projectId) => readPreviewSettings(db, projectId),
    updateSettings: (projectId, change) => updatePreviewSettings(db, projectId, change),
    password: (projectId) => readPreviewPassword(db, projectId),
    setPassword: (projectId, verifier) => setPreviewPassword(db, projectId, verifier),
    open: (project, opening) => openPreview(db, project, opening),
    close: (projectId, subjects, closing) => closePreviews(db, projectId, subjects, closing),
    place: (previewId, request) => placePreview(db, previewId, request),
    byId: (previewId) => readPreview(db, previewId),
    async approve(previewId, commit, by) {
      const row = await db
        .updateTable('preview')
        .set({ approved_commit: commit, approved_by: by })
        .where('id', '=', previewId)
        .where('open', '=', true)
        .where('commit', '=', commit)
        .returning('id')
        .executeTakeFirst();
      return row === undefined ? null : readPreview(db, row.id);
    },
    async find(projectId, name) {
      const row = await selectPreviews(db)
        .where('p.project_id', '=', projectId)
        .where('p.name', '=', name)
        .executeTakeFirst();
      return row === undefined ? null : toPreview(row);
    },
    async list(projectId, closed) {
      const all = selectPreviews(db).where('p.project_id', '=', projectId);
      const chosen = closed
        ? all
        : all.where((row) => row.or([row('p.open', '=', true), row('p.environment_id', 'is not', null)]));
      const rows = await chosen.orderBy('p.pushed_at', 'desc').orderBy('p.id').limit(listLimit).execute();
      return rows.map(toPreview);
    },
    async waiting() {
      const { rows } = await sql<{ id: string }>`
        select p.id from preview p join project on project.id = p.project_id
        where p.open and not project.deleting and (p.environment_id is null or p.deployed_revision < p.revision)
        order by p.pushed_at, p.id`.execute(db);
      return rows.map(({ id }) => id);
    },
    opened: () => readOpened(db),
    withoutUrl: () => deploymentsWithoutUrl(db),
    outdatedUrls: () => outdatedUrls(db),
    async deployed(previewId, revision) {
      await db
        .updateTable('preview')
        .set({ deployed_revision: sql<number>`greatest(deployed_revision, ${revision})` })
        .where('id', '=', previewId)
        .execute();
    },
  };
}

async function readOpened(db: Kysely<Database>): Promise<readonly OpenPreview[]> {
  const rows = await db
    .selectFrom('preview as p')
    .innerJoin('project', 'project.id', 'p.project_id')
    .leftJoin('preview_setting as s', 's.project_id', 'p.project_id')
    .select(['p.repository', 'project.repository as projectRepository'])
    .select(['p.id', 'p.project_id as projectId', 'p.subject', 'p.pushed_at as pushedAt', 'p.revision', 's.value'])
    .where('p.open', '=', true)
    .where('project.deleting', '=', false)
    .execute();
  return rows.map(({ value, ...row }) => ({ ...row, ttlMs: { ...defaultPreviewSettings, ...value }.ttlMs }));
}
