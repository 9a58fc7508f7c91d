import type { Kysely, Transaction } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { Placed, PlaceRequest } from '../engine/ports/preview-store.ts';
import { insertEnvironment } from './environments.ts';
import { isNoDeploymentUrl } from './deployment-urls.ts';
import { firstFreeName } from './open-preview.ts';
import { holdProject } from './preview-rows.ts';
import type { Database } from './schema.ts';

/**
 * The environment and its place in the preview's row, or neither. What is being taken down still counts: it takes memory. A host that
 * somebody else took a moment ago is told as `taken`, and looked at again with the next attempt.
 */
export async function placePreview(db: Kysely<Database>, previewId: string, request: PlaceRequest): Promise<Placed> {
  try {
    return await db.transaction().execute((tx) => place(tx, previewId, request));
  } catch (error) {
    if (error instanceof CutoverError && (error.code === 'host_taken' || error.code === 'already_exists'))
      return 'taken';
    throw error;
  }
}

async function place(tx: Transaction<Database>, previewId: string, request: PlaceRequest): Promise<Placed> {
  const preview = await tx.selectFrom('preview').selectAll().where('id', '=', previewId).executeTakeFirst();
  if (preview === undefined || !(await holdProject(tx, preview.project_id))) return 'gone';
  // As it is now that nobody else changes it.
  const now = await tx.selectFrom('preview').selectAll().where('id', '=', previewId).executeTakeFirstOrThrow();
  if (!now.open) return 'gone';
  if (now.environment_id !== null) return (await isDeleting(tx, now.environment_id)) ? 'removing' : 'placed';
  if ((await countPlaced(tx, now.project_id)) >= request.limit) return 'full';
  const names = [now.name, ...request.names.filter((name) => name !== now.name)];
  const name = await freeNameAndHost(tx, now.project_id, { names, hostOf: request.hostOf, previewId });
  if (name === null) return 'taken';
  const { environmentId: id, settings, hostOf } = request;
  await insertEnvironment(tx, now.project_id, { id, name, settings, hosts: [hostOf(name)] });
  await tx
    .updateTable('preview')
    .set({ environment_id: id, name, deployed_revision: 0 })
    .where('id', '=', previewId)
    .execute();
  return 'placed';
}

async function isDeleting(tx: Kysely<Database>, environmentId: string): Promise<boolean> {
  const row = await tx.selectFrom('environment').select('deleting').where('id', '=', environmentId).executeTakeFirst();
  return row?.deleting !== false;
}

/** Not those that show one deployment: of these each preview has its own limit. */
async function countPlaced(tx: Kysely<Database>, projectId: string): Promise<number> {
  const rows = await tx
    .selectFrom('preview')
    .select('id')
    .where('project_id', '=', projectId)
    .where('environment_id', 'is not', null)
    .where(isNoDeploymentUrl('preview'))
    .execute();
  return rows.length;
}

async function freeNameAndHost(
  tx: Kysely<Database>,
  projectId: string,
  { names, hostOf, previewId }: Pick<PlaceRequest, 'names' | 'hostOf'> & { readonly previewId: string },
): Promise<string | null> {
  const hosts = names.map(hostOf);
  const taken = await tx.selectFrom('host').select('host').where('host', 'in', hosts).execute();
  const used = new Set(taken.map((row) => row.host));
  const free = names.filter((name) => !used.has(hostOf(name)));
  return firstFreeName(tx, projectId, free, previewId);
}
