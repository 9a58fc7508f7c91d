import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Environment } from '../../../../src/domain/project.ts';
import type { EnvironmentStore, NewEnvironmentRecord } from '../../../../src/engine/ports/configuration-store.ts';
import type { MemoryDatabase } from './database.ts';
import type { EnvironmentRow } from './rows.ts';
import { isoTime, type Connection, type Transaction } from './transaction.ts';

export function memoryEnvironmentStore(connection: Connection): EnvironmentStore {
  const change = (projectId: string, name: string, changed: (current: Environment) => Partial<Environment>) =>
    connection.transact(({ db }) => {
      const row = live(db, projectId, name);
      if (row === null) return null;
      const environment = { ...row.environment, ...changed(row.environment) };
      db.environments.put(environment.id, { ...row, environment });
      return environment;
    });
  return {
    create: (projectId, environment) =>
      connection.transact((tx) =>
        tx.db.projects.get(projectId)?.deleting === false ? insertEnvironment(tx, projectId, environment) : null,
      ),
    async list(projectId) {
      return connection
        .read()
        .db.environments.where('project', projectId)
        .filter(({ deleting }) => !deleting)
        .map(({ environment }) => environment)
        .toSorted(productionFirst);
    },
    find: async (projectId, name) => live(connection.read().db, projectId, name)?.environment ?? null,
    updateSettings: (projectId, name, settingsOf) =>
      change(projectId, name, ({ settings }) => ({ settings: settingsOf(settings) })),
    resumeAutoDeploy: (projectId, name) => change(projectId, name, () => ({ autoDeployHeld: null })),
    markDeleting: (projectId, name) =>
      connection.transact(({ db }) => {
        const row = named(db, projectId, name);
        if (row === null) return false;
        db.environments.put(row.environment.id, { ...row, deleting: true });
        return true;
      }),
  };
}

/** Errors: `already_exists`, `host_taken`. */
export function insertEnvironment(
  { db, now }: Transaction,
  projectId: string,
  { id, name, settings, hosts }: NewEnvironmentRecord,
): Environment {
  if (named(db, projectId, name) !== null)
    throw new CutoverError('already_exists', `there is an environment "${name}", or it is being deleted`);
  if (hosts.some((host) => db.hosts.get(host) !== undefined))
    throw new CutoverError('host_taken', `${hosts.join(', ')} belongs to another environment`);
  const environment: Environment = {
    id,
    projectId,
    name,
    kind: name === 'production' ? 'production' : 'standing',
    settings,
    hosts,
    currentDeploymentId: null,
    autoDeployHeld: null,
    asleepSince: null,
    createdAt: isoTime(now),
  };
  db.environments.put(id, { environment, fence: 0, deleting: false });
  for (const host of hosts) db.hosts.put(host, id);
  return environment;
}

/** Also one that is being deleted. */
function named(db: MemoryDatabase, projectId: string, name: string): EnvironmentRow | null {
  return db.environments.where('project', projectId).find(({ environment }) => environment.name === name) ?? null;
}

function live(db: MemoryDatabase, projectId: string, name: string): EnvironmentRow | null {
  const row = named(db, projectId, name);
  return row?.deleting === false ? row : null;
}

function productionFirst(a: Environment, b: Environment): number {
  if (a.name === b.name) return 0;
  if (a.name === 'production' || b.name === 'production') return a.name === 'production' ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
