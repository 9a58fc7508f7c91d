import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as text that can be selected with a double click. */
export function newToken(): string {
  return `cut_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 in hex. Enough for a secret of 256 random bits, which nobody can guess through a fast hash. */
export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
