import { allows } from '../../../../src/domain/roles.ts';
import {
  everywhere,
  type NewTokenRecord,
  type TokenRecord,
  type TokenScope,
  type TokenStore,
} from '../../../../src/engine/ports/configuration-store.ts';
import type { TokenRow } from './rows.ts';
import { isoTime, type Connection, type Transaction } from './transaction.ts';

export function memoryTokenStore(connection: Connection): TokenStore {
  return {
    async authenticate(secretHash) {
      const tx = connection.read();
      const [row] = tx.db.tokens.where('secret', secretHash).filter((token) => isValid(tx, token));
      if (row === undefined) return null;
      const { id: tokenId, name, role, environments } = row;
      const bound = environments === null ? {} : { environments };
      return { tokenId, name, role, project: projectName(tx, row), ...bound };
    },
    create: (token, scope) =>
      connection.transact((tx) => {
        const { project, environments } = scope;
        if (project === null) return insert(tx, token, { ...scope, projectId: null });
        const [row] = tx.db.projects.where('name', project).filter(({ deleting }) => !deleting);
        if (row === undefined) return null;
        const known = tx.db.environments.where('project', row.project.id).filter(({ deleting }) => !deleting);
        const names = new Set(known.map(({ environment }) => environment.name));
        if (environments?.some((name) => !names.has(name)) === true) return null;
        return insert(tx, token, { ...scope, projectId: row.project.id });
      }),
    createFirst: async (token, beforeCommit) => {
      // One after the other: the second finds the token of the first.
      using _turn = await takeTurn(connection);
      if (hasAdministrator(connection.read())) return null;
      await beforeCommit();
      return connection.transact((tx) => insert(tx, token, { ...everywhere, projectId: null }));
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

function insert(
  tx: Transaction,
  token: NewTokenRecord,
  { projectId, environments, expiresInMs }: Omit<TokenScope, 'project'> & { readonly projectId: string | null },
): TokenRecord {
  const expiresAt = expiresInMs === null ? null : isoTime(tx.now + expiresInMs);
  const row: TokenRow = { ...token, projectId, environments, createdAt: isoTime(tx.now), expiresAt, revoked: false };
  tx.db.tokens.put(token.id, row);
  return toRecord(tx, row);
}

function hasAdministrator(tx: Transaction): boolean {
  return tx.db.tokens
    .all()
    .some((token) => isValid(tx, token) && token.projectId === null && allows(token.role, 'administer'));
}

/** Not revoked, not expired, and of no project that is gone. */
function isValid({ db, now }: Transaction, { revoked, projectId, expiresAt }: TokenRow): boolean {
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return false;
  return !revoked && (projectId === null || db.projects.get(projectId)?.deleting === false);
}

function projectName({ db }: Transaction, { projectId }: TokenRow): string | null {
  return projectId === null ? null : (db.projects.get(projectId)?.project.name ?? null);
}

function toRecord(tx: Transaction, row: TokenRow): TokenRecord {
  const { id, name, role, environments, createdAt, expiresAt } = row;
  return { id, name, role, project: projectName(tx, row), environments, createdAt, expiresAt };
}
