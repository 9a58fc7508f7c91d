import { sql, type Kysely, type Transaction } from 'kysely';
import type { VariableLevel } from '../domain/project.ts';
import type { VariableRecord, VariableScope, VariableStore } from '../engine/ports/configuration-store.ts';
import { keepProject } from './keep-project.ts';
import type { Database } from './schema.ts';

export function variableStore(db: Kysely<Database>): VariableStore {
  return {
    list: (scope) => list(db, scope),
    set: (scope, variables) => db.transaction().execute((transaction) => set(transaction, scope, variables)),
    async unset(scope, names) {
      if (names.length === 0) return [];
      const rows = await db
        .deleteFrom('variable')
        .where('project_id', '=', scope.projectId)
        .where('environment_id', 'is not distinct from', scope.environmentId)
        .where('preview', '=', isOfPreviews(scope))
        .where('name', 'in', names)
        .returning('name')
        .execute();
      return rows.map((row) => row.name);
    },
  };
}

function isOfPreviews({ environmentId, previews = false }: VariableScope): boolean {
  return environmentId === null && previews;
}

function list(db: Kysely<Database>, scope: VariableScope) {
  const { projectId, environmentId } = scope;
  const ofPreview = sql<boolean>`(${isOfPreviews(scope)} or exists (
    select from preview where preview.environment_id = ${environmentId}::uuid
  ))`;
  return db
    .selectFrom('variable')
    .select(['id', 'name', 'sealed', 'secret', 'build', 'updated_at as updatedAt'])
    .select(
      sql<VariableLevel>`case when environment_id is not null then 'environment'
        when variable.preview then 'preview' else 'project' end`.as('level'),
    )
    .where('project_id', '=', projectId)
    .where((row) => row.or([row('environment_id', 'is', null), row('environment_id', '=', environmentId)]))
    .where((row) => row.or([row('variable.preview', '=', false), ofPreview]))
    .orderBy('name')
    .orderBy(sql`environment_id is not null`)
    .orderBy('variable.preview')
    .execute();
}

async function set(
  transaction: Transaction<Database>,
  scope: VariableScope,
  variables: readonly VariableRecord[],
): Promise<boolean> {
  if (!(await isLive(transaction, scope))) return false;
  if (variables.length === 0) return true;
  const rows = variables.map((variable) => ({
    ...variable,
    project_id: scope.projectId,
    environment_id: scope.environmentId,
    preview: isOfPreviews(scope),
  }));
  await transaction
    .insertInto('variable')
    // In one order, so that two that set the same ones cannot wait for each other.
    .values(rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'environment_id', 'preview', 'name']).doUpdateSet((row) => ({
        id: row.ref('excluded.id'),
        sealed: row.ref('excluded.sealed'),
        secret: row.ref('excluded.secret'),
        build: row.ref('excluded.build'),
        updated_at: sql<string>`now()`,
      })),
    )
    .execute();
  return true;
}

/** Holds project and environment, so that neither goes before this transaction ends. */
async function isLive(transaction: Transaction<Database>, scope: VariableScope): Promise<boolean> {
  const project = await keepProject(transaction, scope.projectId);
  if (!project || scope.environmentId === null) return project;
  const environment = await transaction
    .selectFrom('environment')
    .select('id')
    .where('id', '=', scope.environmentId)
    .where('deleting', '=', false)
    .forShare()
    .executeTakeFirst();
  return environment !== undefined;
}
