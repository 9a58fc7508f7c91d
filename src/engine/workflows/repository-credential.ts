import { z } from 'zod';
import type { RepositoryCredential } from '../../domain/repository-credential.ts';
import type { SealedCredential } from '../ports/deployment-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';

const host = z.string();
const credentialSchema: z.ZodType<RepositoryCredential> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('token'), username: z.string(), token: z.string(), host }),
  z.object({ kind: z.literal('deploy-key'), privateKey: z.string(), host }),
]);

/** `id`: of the row, another one for every credential. */
export function sealCredential(box: SecretBox, id: string, credential: RepositoryCredential): string {
  return box.seal(JSON.stringify(credential), credentialRow(id));
}

export function openCredential(box: SecretBox, sealed: SealedCredential | null): RepositoryCredential | null {
  return sealed === null ? null : credentialSchema.parse(JSON.parse(box.open(sealed.sealed, credentialRow(sealed.id))));
}

function credentialRow(id: string): string {
  return `repository_credential:${id}:sealed`;
}
