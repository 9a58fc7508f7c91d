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

/** Of the specification "Standard Webhooks": of the values in the header, one is enough. */
const standardSignature = /^v1,([A-Za-z0-9+/]{43}=)$/;

/** Whether there can be one in the header. */
export function looksLikeStandardSignature(header: string | undefined): header is string {
  return signaturesIn(header ?? '').length > 0;
}

export interface StandardMessage {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/** Whether the header holds the HMAC-SHA256 of number, time and body; the key is what the secret is in base64url. */
export function isStandardSignature(header: string, { id, timestamp, body }: StandardMessage, secret: string): boolean {
  const hmac = createHmac('sha256', Buffer.from(secret, 'base64url')).update(`${id}.${timestamp}.`).update(body);
  const expected = hmac.digest();
  return signaturesIn(header).filter((signature) => timingSafeEqual(signature, expected)).length > 0;
}

function signaturesIn(header: string): readonly Buffer[] {
  return header.split(' ').flatMap((value) => {
    const base64 = standardSignature.exec(value)?.[1];
    return base64 === undefined ? [] : [Buffer.from(base64, 'base64')];
  });
}

/** Whether both are the same text, in a time that depends on neither: their digests are compared. */
export function isSameSecret(shown: string, secret: string): boolean {
  return timingSafeEqual(digest(shown), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
