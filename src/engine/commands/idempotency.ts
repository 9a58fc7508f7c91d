import { createHash } from 'node:crypto';
import type { Actor } from '../../domain/roles.ts';
import type { NewDeploymentRecord } from '../ports/deployment-store.ts';

/** `request`: everything that makes it the same request or another one; null where the caller gave no key. */
export function idempotencyOf(
  actor: Actor,
  key: string | undefined,
  request: readonly unknown[],
): NewDeploymentRecord['idempotency'] {
  if (key === undefined) return null;
  const requestHash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  return { key, tokenId: actor.tokenId, requestHash };
}
