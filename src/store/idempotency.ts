import type { Kysely } from 'kysely';
import { CutoverError } from '../domain/errors.ts';
import type { Idempotency } from '../engine/ports/deployment-store.ts';
import type { Database } from './schema.ts';

/** What was answered to the same request before; null where it is new. Errors: `idempotency_mismatch`. */
export async function answeredBefore(tx: Kysely<Database>, idempotency: Idempotency | null): Promise<string | null> {
  if (idempotency === null) return null;
  const { key, tokenId, requestHash } = idempotency;
  const earlier = await tx
    .selectFrom('idempotency')
    .select(['deployment_id', 'request_hash'])
    .where('token_id', '=', tokenId)
    .where('key', '=', key)
    .executeTakeFirst();
  if (earlier === undefined) return null;
  if (earlier.request_hash !== requestHash) {
    throw new CutoverError('idempotency_mismatch', `the key "${key}" was used for a different request`);
  }
  return earlier.deployment_id;
}

/** From now on the same request is answered with this deployment. */
export async function rememberAnswer(
  tx: Kysely<Database>,
  idempotency: Idempotency | null,
  deploymentId: string,
): Promise<void> {
  if (idempotency === null) return;
  const { key, tokenId, requestHash } = idempotency;
  await tx
    .insertInto('idempotency')
    .values({ key, token_id: tokenId, request_hash: requestHash, deployment_id: deploymentId })
    .execute();
}
