import type { CredentialStore } from '../../../../src/engine/ports/configuration-store.ts';
import { isoTime, type Connection } from './transaction.ts';

export function memoryCredentialStore(connection: Connection): CredentialStore {
  return {
    async find(projectId) {
      const row = connection.read().db.credentials.get(projectId);
      if (row === undefined) return null;
      const { kind, host, fingerprint, setBy, setAt } = row;
      return { kind, host, fingerprint, setBy, setAt };
    },
    set: (projectId, credential) =>
      connection.transact(({ db, now }) => {
        if (db.projects.get(projectId)?.deleting !== false) return false;
        db.credentials.put(projectId, { ...credential, setAt: isoTime(now) });
        return true;
      }),
    remove: (projectId) =>
      connection.transact(({ db }) => {
        const known = db.credentials.get(projectId) !== undefined;
        if (known) db.credentials.delete(projectId);
        return known;
      }),
  };
}
