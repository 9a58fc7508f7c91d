import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Whether it is the HMAC-SHA256 of the body in hex, in a time that does not depend on where it differs. */
export function isHmacSha256(hex: string, body: Uint8Array, secret: string): boolean {
  if (!/^[0-9a-f]{64}$/i.test(hex)) return false;
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(body).digest());
}

/** Whether both are the same text, in a time that depends on neither: their digests are compared. */
export function isSameSecret(shown: string, secret: string): boolean {
  return timingSafeEqual(digest(shown), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
