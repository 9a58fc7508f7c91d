import { allows } from '../../../../src/domain/roles.ts';
import type { NewTokenRecord, TokenRecord, TokenStore } from '../../../../src/engine/ports/configuration-store.ts';
import type { TokenRow } from './rows.ts';
import { isoTime, type Connection, type Transaction } from './transaction.ts';

export function memoryTokenStore(connection: Connection): TokenStore {
  return {
    async authenticate(secretHash) {
      const tx = connection.read();
      const [row] = tx.db.tokens.where('secret', secretHash).filter((token) => isValid(tx, token));
      if (row === undefined) return null;
      return { tokenId: row.id, name: row.name, role: row.role, project: projectName(tx, row) };
    },
    create: (token, project) =>
      connection.transact((tx) => {
        if (project === null) return insert(tx, token, null);
        const [row] = tx.db.projects.where('name', project).filter(({ deleting }) => !deleting);
        return row === undefined ? null : insert(tx, token, row.project.id);
      }),
    createFirst: async (token, beforeCommit) => {
      // One after the other: the second finds the token of the first.
      using _turn = await takeTurn(connection);
      if (hasAdministrator(connection.read())) return null;
      await beforeCommit();
      return connection.transact((tx) => insert(tx, token, null));
    },
    async list() {
      const tx = connection.read();
      const valid = tx.db.tokens.all().filter((token) => isValid(tx, token));
      return valid.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((token) => toRecord(tx, token));
    },
    revoke: (id) =>
      connection.transact(({ db }) => {
        const row = db.tokens.get(id);
        if (row === undefined || row.revoked) return false;
        db.tokens.put(id, { ...row, revoked: true });
        return true;
      }),
  };
}

async function takeTurn(connection: Connection): Promise<Disposable> {
  const { tokenLock } = connection.read().db;
  for (let held = tokenLock.wait(0); held !== null; held = tokenLock.wait(0)) await held;
  return tokenLock.hold(0, connection.owner);
}

function insert(tx: Transaction, token: NewTokenRecord, projectId: string | null): TokenRecord {
  const row: TokenRow = { ...token, projectId, createdAt: isoTime(tx.now), revoked: false };
  tx.db.tokens.put(token.id, row);
  return toRecord(tx, row);
}

function hasAdministrator(tx: Transaction): boolean {
  return tx.db.tokens
    .all()
    .some((token) => isValid(tx, token) && token.projectId === null && allows(token.role, 'administer'));
}

/** Not revoked, and of no project that is gone. */
function isValid({ db }: Transaction, { revoked, projectId }: TokenRow): boolean {
  return !revoked && (projectId === null || db.projects.get(projectId)?.deleting === false);
}

function projectName({ db }: Transaction, { projectId }: TokenRow): string | null {
  return projectId === null ? null : (db.projects.get(projectId)?.project.name ?? null);
}

function toRecord(tx: Transaction, row: TokenRow): TokenRecord {
  const { id, name, role, createdAt } = row;
  return { id, name, role, project: projectName(tx, row), createdAt };
}
