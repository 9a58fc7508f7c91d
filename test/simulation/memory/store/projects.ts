import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Project } from '../../../../src/domain/project.ts';
import type { ProjectStore } from '../../../../src/engine/ports/configuration-store.ts';
import type { MemoryDatabase } from './database.ts';
import { insertEnvironment } from './environments.ts';
import type { ProjectRow } from './rows.ts';
import { isoTime, type Connection } from './transaction.ts';

const listLimit = 1_000;

export function memoryProjectStore(connection: Connection): ProjectStore {
  return {
    create: (record, production) =>
      connection.transact((tx) => {
        const { id, name, repository, build } = record;
        if (named(tx.db, name) !== null)
          throw new CutoverError('already_exists', `there is a project "${name}", or it is being deleted`);
        const project: Project = { id, name, repository, build, createdAt: isoTime(tx.now) };
        tx.db.projects.put(id, { project, lastNumber: 0, deleting: false });
        insertEnvironment(tx, id, production);
        return project;
      }),
    async list(only) {
      return connection
        .read()
        .db.projects.all()
        .filter(({ project, deleting }) => !deleting && (only === null || project.name === only))
        .map(({ project }) => project)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, listLimit);
    },
    find: async (name) => live(connection.read().db, name)?.project ?? null,
    update: (name, change) =>
      connection.transact(({ db }) => {
        const row = live(db, name);
        if (row === null) return null;
        const { repository, build } = change(row.project);
        const project = { ...row.project, repository, build };
        db.projects.put(project.id, { ...row, project });
        return project;
      }),
    markDeleting: (name) =>
      connection.transact(({ db }) => {
        const row = named(db, name);
        if (row === null) return false;
        const { id } = row.project;
        db.projects.put(id, { ...row, deleting: true });
        for (const environment of db.environments.where('project', id))
          db.environments.put(environment.environment.id, { ...environment, deleting: true });
        return true;
      }),
  };
}

/** Also one that is being deleted. */
function named(db: MemoryDatabase, name: string): ProjectRow | null {
  return db.projects.where('name', name)[0] ?? null;
}

function live(db: MemoryDatabase, name: string): ProjectRow | null {
  const row = named(db, name);
  return row?.deleting === false ? row : null;
}
