import type { RegistryStore } from '../../../../src/engine/ports/configuration-store.ts';
import { isoTime, type Connection } from './transaction.ts';

export function memoryRegistryStore(connection: Connection): RegistryStore {
  return {
    async list(projectId) {
      const rows = connection.read().db.registries.where('project', projectId);
      return rows
        .map(({ host, username, fingerprint, setBy, setAt }) => ({ host, username, fingerprint, setBy, setAt }))
        .toSorted((a, b) => (a.host < b.host ? -1 : 1));
    },
    set: (projectId, credential) =>
      connection.transact(({ db, now }) => {
        if (db.projects.get(projectId)?.deleting !== false) return false;
        db.registries.put(registryKey(projectId, credential.host), { ...credential, projectId, setAt: isoTime(now) });
        return true;
      }),
    remove: (projectId, host) =>
      connection.transact(({ db }) => {
        const key = registryKey(projectId, host);
        const known = db.registries.get(key) !== undefined;
        if (known) db.registries.delete(key);
        return known;
      }),
  };
}

export function registryKey(projectId: string, host: string): string {
  return `${projectId} ${host}`;
}
