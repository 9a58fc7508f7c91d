import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Whether it can be an HMAC-SHA256 in hex. */
export function looksLikeHmac(hex: string | null): hex is string {
  return hex !== null && /^[0-9a-f]{64}$/i.test(hex);
}

/** Whether it is the HMAC-SHA256 of the body in hex, in a time that does not depend on where it differs. */
export function isHmacSha256(hex: string | null, body: Uint8Array, secret: string): boolean {
  if (!looksLikeHmac(hex)) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(body).digest());
}

/** Whether both are the same text, in a time that depends on neither: their digests are compared. */
export function isSameSecret(shown: string, secret: string): boolean {
  return timingSafeEqual(digest(shown), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
