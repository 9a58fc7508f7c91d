import { sql, type Kysely, type Transaction } from 'kysely';
import type { VariableRecord, VariableScope, VariableStore } from '../engine/ports/configuration-store.ts';
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
        .where('name', 'in', names)
        .returning('name')
        .execute();
      return rows.map((row) => row.name);
    },
  };
}

function list(db: Kysely<Database>, { projectId, environmentId }: VariableScope) {
  return db
    .selectFrom('variable')
    .select(['id', 'name', 'sealed', 'secret', 'build', 'updated_at as updatedAt'])
    .select(
      sql<'project' | 'environment'>`case when environment_id is null then 'project' else 'environment' end`.as(
        'level',
      ),
    )
    .where('project_id', '=', projectId)
    .where((row) => row.or([row('environment_id', 'is', null), row('environment_id', '=', environmentId)]))
    .orderBy('name')
    .orderBy(sql`environment_id is not null`)
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
  }));
  await transaction
    .insertInto('variable')
    // In one order, so that two that set the same ones cannot wait for each other.
    .values(rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'environment_id', 'name']).doUpdateSet((row) => ({
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
  const project = await transaction
    .selectFrom('project')
    .select('id')
    .where('id', '=', scope.projectId)
    .where('deleting', '=', false)
    .forShare()
    .executeTakeFirst();
  if (project === undefined || scope.environmentId === null) return project !== undefined;
  const environment = await transaction
    .selectFrom('environment')
    .select('id')
    .where('id', '=', scope.environmentId)
    .where('deleting', '=', false)
    .forShare()
    .executeTakeFirst();
  return environment !== undefined;
}
