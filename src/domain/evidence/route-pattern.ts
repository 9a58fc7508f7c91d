/** Longest pattern in characters, and its most segments: what is beyond is cut, so that patterns cannot fill the memory. */
const longestPattern = 120;
const mostSegments = 8;
const longestSegment = 40;

const number = /^[+-]?\d+([.,]\d+)*$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Also object ids, digests and abbreviated commits; at least one digit, so that words like "facade" stay. */
const hash = /^(?=.*\d)[0-9a-f]{7,}$/i;
/** Tokens and short ids: letters and digits mixed, at least three digits. */
const mixed = /^(?=(?:.*\d){3})(?=.*[a-z])[\w-]{8,}$/i;
/** `app.3f9a1c22.js`, `chunk-8e1b2c3d.css`: the name and the ending stay, the digest goes. */
const fingerprint = /[.-][0-9a-f]{6,}(?=\.[a-z0-9]{1,5}$)/i;

/**
 * The pattern of a path: `/users/42/orders/3f9a…` becomes `/users/:id/orders/:id`. The query is ignored. Numbers, UUIDs, hashes and
 * mixed tokens become `:id`. At most 120 characters. The pattern of a pattern is itself.
 */
export function routePattern(path: string): string {
  const plain = path.split(/[?#]/, 1)[0] ?? '';
  const segments = plain.split('/').filter((segment) => segment !== '');
  const kept = segments.slice(0, mostSegments).map(segmentPattern);
  const pattern = `/${kept.join('/')}${segments.length > mostSegments ? '/…' : ''}`;
  return pattern.length <= longestPattern ? pattern : `${pattern.slice(0, longestPattern - 1)}…`;
}

function segmentPattern(segment: string): string {
  if ([number, uuid, hash, mixed].some((kind) => kind.test(segment))) return ':id';
  const named = segment.replace(fingerprint, '');
  return named.length <= longestSegment ? named : ':id';
}
