import type { Kysely, Selectable, Transaction } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { Project } from '../domain/project.ts';
import type {
  NewEnvironmentRecord,
  NewProjectRecord,
  ProjectFields,
  ProjectStore,
} from '../engine/ports/configuration-store.ts';
import { brokenUniqueConstraint } from './database-errors.ts';
import { insertEnvironment } from './environments.ts';
import { completeBuild } from './stored-settings.ts';
import { toJson, type Database, type ProjectTable } from './schema.ts';

const listLimit = 1_000;

export function projectStore(db: Kysely<Database>): ProjectStore {
  return {
    create: (project, production) =>
      db.transaction().execute((transaction) => create(transaction, project, production)),
    async list(only) {
      const all = db.selectFrom('project').selectAll().where('deleting', '=', false).orderBy('name').limit(listLimit);
      const rows = await (only === null ? all : all.where('name', '=', only)).execute();
      return rows.map(toProject);
    },
    async find(name) {
      const row = await live(db, name).executeTakeFirst();
      return row === undefined ? null : toProject(row);
    },
    update: (name, change) => db.transaction().execute((transaction) => update(transaction, name, change)),
    markDeleting: (name) => db.transaction().execute((transaction) => markDeleting(transaction, name)),
  };
}

async function create(
  transaction: Transaction<Database>,
  project: NewProjectRecord,
  production: NewEnvironmentRecord,
): Promise<Project> {
  const row = await insertProject(transaction, project);
  await insertEnvironment(transaction, row.id, production);
  return toProject(row);
}

async function insertProject(
  transaction: Transaction<Database>,
  project: NewProjectRecord,
): Promise<Selectable<ProjectTable>> {
  try {
    return await transaction
      .insertInto('project')
      .values({ ...project, build: toJson(project.build) })
      .returningAll()
      .executeTakeFirstOrThrow();
  } catch (error) {
    if (brokenUniqueConstraint(error) !== 'project_name_key') throw error;
    throw new CutoverError('already_exists', `there is a project "${project.name}", or it is being deleted`, {
      cause: error,
    });
  }
}

async function update(
  transaction: Transaction<Database>,
  name: string,
  change: (current: Project) => ProjectFields,
): Promise<Project | null> {
  const row = await live(transaction, name).forUpdate().executeTakeFirst();
  if (row === undefined) return null;
  const { repository, build } = change(toProject(row));
  const changed = await transaction
    .updateTable('project')
    .set({ repository, build: toJson(build) })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toProject(changed);
}

/** The project's row is locked first: an environment that is being created holds it, so none slips through. */
async function markDeleting(transaction: Transaction<Database>, name: string): Promise<boolean> {
  const project = await transaction
    .updateTable('project')
    .set({ deleting: true })
    .where('name', '=', name)
    .returning('id')
    .executeTakeFirst();
  if (project === undefined) return false;
  await transaction.updateTable('environment').set({ deleting: true }).where('project_id', '=', project.id).execute();
  return true;
}

function live(db: Kysely<Database>, name: string) {
  return db.selectFrom('project').selectAll().where('name', '=', name).where('deleting', '=', false);
}

export function toProject(row: Selectable<ProjectTable>): Project {
  const { id, name, repository, build, created_at: createdAt } = row;
  return { id, name, repository, build: completeBuild(build), createdAt };
}
