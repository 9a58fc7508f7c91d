import { CutoverError } from '../../../../src/domain/errors.ts';
import type { Idempotency } from '../../../../src/engine/ports/deployment-store.ts';
import type { MemoryDatabase } from './database.ts';

/** What was answered to the same request before; null where it is new. Errors: `idempotency_mismatch`. */
export function answeredBefore(db: MemoryDatabase, idempotency: Idempotency | null): string | null {
  const earlier = idempotency === null ? undefined : db.idempotency.get(idOf(idempotency));
  if (idempotency === null || earlier === undefined) return null;
  if (earlier.requestHash !== idempotency.requestHash) {
    throw new CutoverError('idempotency_mismatch', `the key "${idempotency.key}" was used for a different request`);
  }
  return earlier.deploymentId;
}

/** From now on the same request is answered with this deployment. */
export function rememberAnswer(db: MemoryDatabase, idempotency: Idempotency | null, deploymentId: string): void {
  if (idempotency === null) return;
  if (db.idempotency.get(idOf(idempotency)) !== undefined) throw new Error(`the key "${idempotency.key}" is taken`);
  db.idempotency.put(idOf(idempotency), { requestHash: idempotency.requestHash, deploymentId });
}

function idOf({ key, tokenId }: Idempotency): string {
  return `${tokenId} ${key}`;
}
