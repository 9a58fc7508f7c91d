import type { ProviderAccess } from '../../domain/provider.ts';
import type { SealedAccess } from '../ports/provider-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';

/** `id`: of the row, another one for every token. */
export function sealProviderToken(box: SecretBox, id: string, token: string): string {
  return box.seal(token, row(id));
}

export function openProviderAccess(box: SecretBox, { id, sealed, ...access }: SealedAccess): ProviderAccess {
  return { ...access, token: box.open(sealed, row(id)) };
}

function row(id: string): string {
  return `provider_access:${id}:sealed`;
}
