import type { StoredVariable, VariableScope, VariableStore } from '../../../../src/engine/ports/configuration-store.ts';
import type { MemoryDatabase } from './database.ts';
import type { VariableRow } from './rows.ts';
import { isoTime, type Connection } from './transaction.ts';

export function memoryVariableStore(connection: Connection): VariableStore {
  return {
    async list({ projectId, environmentId }) {
      return connection
        .read()
        .db.variables.where('project', projectId)
        .filter(({ scope }) => scope.environmentId === null || scope.environmentId === environmentId)
        .map(({ variable }) => variable)
        .toSorted(byNameAndLevel);
    },
    set: (scope, variables) =>
      connection.transact(({ db, now }) => {
        if (!isLive(db, scope)) return false;
        const { projectId, environmentId } = scope;
        for (const { id, name, sealed, secret, build } of variables) {
          const level: StoredVariable['level'] = environmentId === null ? 'project' : 'environment';
          const before = ofScope(db, scope).find(({ variable }) => variable.name === name);
          if (before !== undefined) db.variables.delete(before.variable.id);
          const variable = { id, name, sealed, secret, build, level, updatedAt: isoTime(now) };
          db.variables.put(id, { scope: { projectId, environmentId }, variable });
        }
        return true;
      }),
    unset: (scope, names) =>
      connection.transact(({ db }) => {
        const going = ofScope(db, scope).filter(({ variable }) => names.includes(variable.name));
        for (const { variable } of going) db.variables.delete(variable.id);
        return going.map(({ variable }) => variable.name);
      }),
  };
}

/** Of exactly that level. */
function ofScope(db: MemoryDatabase, { projectId, environmentId }: VariableScope): readonly VariableRow[] {
  return db.variables.where('project', projectId).filter(({ scope }) => scope.environmentId === environmentId);
}

function isLive(db: MemoryDatabase, { projectId, environmentId }: VariableScope): boolean {
  if (db.projects.get(projectId)?.deleting !== false) return false;
  return environmentId === null || db.environments.get(environmentId)?.deleting === false;
}

function byNameAndLevel(a: StoredVariable, b: StoredVariable): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return Number(a.level === 'environment') - Number(b.level === 'environment');
}
