import { createHash, randomBytes } from 'node:crypto';

/** An API token: `cut_` and 256 random bits in base64url. Shown once; only its hash is kept. */
export function newToken(): string {
  return `cut_${randomBytes(32).toString('base64url')}`;
}

/** 64 hex digits. A plain hash is enough: the secret is random and far too long to be guessed. */
export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
