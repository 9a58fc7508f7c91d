import { z } from 'zod';
import type { RegistryCredential } from '../../domain/registry-credential.ts';
import type { SealedCredential } from '../ports/deployment-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';

const credentialSchema: z.ZodType<RegistryCredential> = z.object({
  host: z.string(),
  username: z.string(),
  password: z.string(),
});

/** `id`: of the row, another one for every credential. */
export function sealRegistryCredential(box: SecretBox, id: string, credential: RegistryCredential): string {
  return box.seal(JSON.stringify(credential), credentialRow(id));
}

export function openRegistryCredential(box: SecretBox, sealed: SealedCredential | null): RegistryCredential | null {
  return sealed === null ? null : credentialSchema.parse(JSON.parse(box.open(sealed.sealed, credentialRow(sealed.id))));
}

function credentialRow(id: string): string {
  return `registry_credential:${id}:sealed`;
}
