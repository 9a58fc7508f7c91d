import { sql, type Kysely } from 'kysely';
import { defaultPreviewSettings, type PreviewSettings } from '../domain/preview-settings.ts';
import type { HostGuard } from '../domain/route.ts';
import { holdProject } from './preview-rows.ts';
import { toJson, type Database } from './schema.ts';

/** What visitors of the previews of a project are asked for. */
export function toGuard({
  value,
  password,
}: {
  readonly value: Partial<PreviewSettings> | null;
  readonly password: string | null;
}): HostGuard {
  return { noindex: { ...defaultPreviewSettings, ...value }.noindex, password };
}

/** By environment, of all previews. */
export async function readGuards(db: Kysely<Database>): Promise<ReadonlyMap<string, HostGuard>> {
  const rows = await db
    .selectFrom('preview as p')
    .leftJoin('preview_setting as s', 's.project_id', 'p.project_id')
    .select(['p.environment_id', 's.value', 's.password'])
    .where('p.environment_id', 'is not', null)
    .execute();
  return new Map(rows.map((row) => [row.environment_id ?? '', toGuard(row)]));
}

export async function readPreviewSettings(db: Kysely<Database>, projectId: string): Promise<PreviewSettings> {
  const row = await db
    .selectFrom('preview_setting')
    .select('value')
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  return { ...defaultPreviewSettings, ...row?.value };
}

export function updatePreviewSettings(
  db: Kysely<Database>,
  projectId: string,
  change: (current: PreviewSettings) => PreviewSettings,
): Promise<PreviewSettings | null> {
  return db.transaction().execute(async (tx) => {
    if (!(await holdProject(tx, projectId))) return null;
    const changed = change(await readPreviewSettings(tx, projectId));
    const value = toJson<Partial<PreviewSettings>>(changed);
    await tx
      .insertInto('preview_setting')
      .values({ project_id: projectId, value })
      .onConflict((conflict) => conflict.column('project_id').doUpdateSet({ value, updated_at: sql`now()` }))
      .execute();
    return changed;
  });
}

export async function readPreviewPassword(db: Kysely<Database>, projectId: string): Promise<string | null> {
  const row = await db
    .selectFrom('preview_setting')
    .select('password')
    .where('project_id', '=', projectId)
    .executeTakeFirst();
  return row?.password ?? null;
}

export function setPreviewPassword(db: Kysely<Database>, projectId: string, verifier: string | null): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await holdProject(tx, projectId))) return false;
    const value = toJson<Partial<PreviewSettings>>({});
    await tx
      .insertInto('preview_setting')
      .values({ project_id: projectId, value, password: verifier })
      .onConflict((conflict) =>
        conflict.column('project_id').doUpdateSet({ password: verifier, updated_at: sql`now()` }),
      )
      .execute();
    return true;
  });
}
