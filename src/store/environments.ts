import { sql, type Kysely, type Transaction, type UpdateObject } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { Environment, EnvironmentKind } from '../domain/project.ts';
import type { EnvironmentStore, NewEnvironmentRecord } from '../engine/ports/configuration-store.ts';
import { brokenUniqueConstraint } from './database-errors.ts';
import { keepProject } from './keep-project.ts';
import { toJson, type Database } from './schema.ts';
import { completeSettings, type StoredSettings } from './stored-settings.ts';

export function environmentStore(db: Kysely<Database>): EnvironmentStore {
  return {
    create: (projectId, environment) =>
      db.transaction().execute((transaction) => create(transaction, projectId, environment)),
    async list(projectId) {
      const rows = await live(db, projectId)
        .orderBy(sql`name <> 'production'`)
        .orderBy('name')
        .execute();
      return rows.map(toEnvironment);
    },
    async find(projectId, name) {
      const row = await live(db, projectId).where('name', '=', name).executeTakeFirst();
      return row === undefined ? null : toEnvironment(row);
    },
    updateSettings: (projectId, name, change) =>
      db
        .transaction()
        .execute((transaction) =>
          update(transaction, projectId, name, ({ settings }) => ({ settings: toJson(change(settings)) })),
        ),
    resumeAutoDeploy: (projectId, name) =>
      db
        .transaction()
        .execute((transaction) => update(transaction, projectId, name, () => ({ auto_deploy_held: null }))),
    markDeleting: (projectId, name) =>
      db.transaction().execute((transaction) => markDeleting(transaction, projectId, name)),
  };
}

/** Inserts an environment and its hosts. Errors: `already_exists`, `host_taken`. */
export async function insertEnvironment(
  transaction: Transaction<Database>,
  projectId: string,
  environment: NewEnvironmentRecord,
): Promise<void> {
  const { id, name, settings, hosts } = environment;
  try {
    await transaction
      .insertInto('environment')
      .values({ id, project_id: projectId, name, settings: toJson(settings) })
      .execute();
    await transaction
      .insertInto('host')
      .values(hosts.map((host, position) => ({ host, position, environment_id: id })))
      .execute();
  } catch (error) {
    throw explainConflict(error, environment);
  }
}

function explainConflict(error: unknown, { name, hosts }: NewEnvironmentRecord): unknown {
  const constraint = brokenUniqueConstraint(error);
  if (constraint === 'host_pkey') {
    return new CutoverError('host_taken', `${hosts.join(', ')} belongs to another environment`, { cause: error });
  }
  if (constraint === 'environment_project_id_name_key') {
    const message = `there is an environment "${name}", or it is being deleted`;
    return new CutoverError('already_exists', message, { cause: error });
  }
  return error;
}

async function create(
  transaction: Transaction<Database>,
  projectId: string,
  environment: NewEnvironmentRecord,
): Promise<Environment | null> {
  if (!(await keepProject(transaction, projectId))) return null;
  await insertEnvironment(transaction, projectId, environment);
  return toEnvironment(await live(transaction, projectId).where('id', '=', environment.id).executeTakeFirstOrThrow());
}

/** `columnsOf` gets the environment as it is now, and nobody changes it in between. */
async function update(
  transaction: Transaction<Database>,
  projectId: string,
  name: string,
  columnsOf: (current: Environment) => UpdateObject<Database, 'environment'>,
): Promise<Environment | null> {
  const current = await live(transaction, projectId).where('name', '=', name).forUpdate().executeTakeFirst();
  if (current === undefined) return null;
  await transaction
    .updateTable('environment')
    .set(columnsOf(toEnvironment(current)))
    .where('id', '=', current.id)
    .execute();
  return toEnvironment(await live(transaction, projectId).where('id', '=', current.id).executeTakeFirstOrThrow());
}

/** A preview whose environment somebody deletes is closed, until the next push. */
async function markDeleting(transaction: Transaction<Database>, projectId: string, name: string): Promise<boolean> {
  const rows = await transaction
    .updateTable('environment')
    .set({ deleting: true })
    .where('project_id', '=', projectId)
    .where('name', '=', name)
    .returning('id')
    .execute();
  for (const { id } of rows) {
    await transaction
      .updateTable('preview')
      .set({ open: false, closed_reason: 'its environment was deleted' })
      .where('environment_id', '=', id)
      .where('open', '=', true)
      .execute();
  }
  return rows.length > 0;
}

/** Columns are named as the domain names them. */
function live(db: Kysely<Database>, projectId: string) {
  return db
    .selectFrom('environment')
    .select([
      'id',
      'project_id as projectId',
      'name',
      'settings',
      'current_deployment_id as currentDeploymentId',
      'auto_deploy_held as autoDeployHeld',
      'created_at as createdAt',
    ])
    .select(
      sql<string[]>`array(select host from host where environment_id = environment.id order by position)`.as('hosts'),
    )
    .select(
      sql<EnvironmentKind>`case when name = 'production' then 'production'
        when exists (select from preview where environment_id = environment.id) then 'preview' else 'standing' end`.as(
        'kind',
      ),
    )
    .select(
      sql<string | null>`(select asleep_since from route where environment_id = environment.id)`.as('asleepSince'),
    )
    .where('project_id', '=', projectId)
    .where('deleting', '=', false);
}

function toEnvironment(row: Omit<Environment, 'settings'> & { readonly settings: StoredSettings }): Environment {
  return { ...row, settings: completeSettings(row.settings) };
}
