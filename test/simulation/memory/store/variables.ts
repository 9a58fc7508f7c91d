import { variableLevels, type VariableLevel } from '../../../../src/domain/project.ts';
import type { StoredVariable, VariableScope, VariableStore } from '../../../../src/engine/ports/configuration-store.ts';
import type { MemoryDatabase } from './database.ts';
import type { VariableRow } from './rows.ts';
import { isoTime, type Connection } from './transaction.ts';

export function memoryVariableStore(connection: Connection): VariableStore {
  return {
    async list({ projectId, environmentId, previews = false }) {
      return (
        connection
          .read()
          .db.variables.where('project', projectId)
          .filter(({ scope }) => scope.environmentId === null || scope.environmentId === environmentId)
          // There are no previews here.
          .filter(({ scope }) => previews || scope.previews !== true)
          .map(({ variable }) => variable)
          .toSorted(byNameAndLevel)
      );
    },
    set: (scope, variables) =>
      connection.transact(({ db, now }) => {
        if (!isLive(db, scope)) return false;
        for (const { id, name, sealed, secret, build } of variables) {
          const level = levelOf(scope);
          const before = ofScope(db, scope).find(({ variable }) => variable.name === name);
          if (before !== undefined) db.variables.delete(before.variable.id);
          const variable = { id, name, sealed, secret, build, level, updatedAt: isoTime(now) };
          db.variables.put(id, { scope, variable });
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
function ofScope(db: MemoryDatabase, wanted: VariableScope): readonly VariableRow[] {
  return db.variables
    .where('project', wanted.projectId)
    .filter(({ scope }) => scope.environmentId === wanted.environmentId && levelOf(scope) === levelOf(wanted));
}

function levelOf({ environmentId, previews }: VariableScope): VariableLevel {
  if (environmentId !== null) return 'environment';
  return previews === true ? 'preview' : 'project';
}

function isLive(db: MemoryDatabase, { projectId, environmentId }: VariableScope): boolean {
  if (db.projects.get(projectId)?.deleting !== false) return false;
  return environmentId === null || db.environments.get(environmentId)?.deleting === false;
}

function byNameAndLevel(a: StoredVariable, b: StoredVariable): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return variableLevels.indexOf(a.level) - variableLevels.indexOf(b.level);
}
