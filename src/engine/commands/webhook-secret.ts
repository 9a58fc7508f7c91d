import type { SecretBox } from '../ports/secret-box.ts';
import type { NewHook } from '../ports/webhook-store.ts';

type Sealed = Pick<NewHook, 'sealedId' | 'sealed'>;

/** `sealedId`: of the row, another one for every secret. */
export function sealHookSecret(box: SecretBox, sealedId: string, secret: string): Sealed {
  return { sealedId, sealed: box.seal(secret, secretRow(sealedId)) };
}

export function openHookSecret(box: SecretBox, { sealedId, sealed }: Sealed): string {
  return box.open(sealed, secretRow(sealedId));
}

function secretRow(sealedId: string): string {
  return `webhook:${sealedId}:secret`;
}
