import { nothingToMask } from '../masking.ts';
import type { Masker } from '../ports/logs.ts';
import type { Write } from '../ports/deployment-store.ts';

/** What people will read of a write, with every secret masked: an app's answer or a build's last words may hold one. */
export function maskedWrite(write: Write, mask: Masker): Write {
  if (mask === nothingToMask) return write;
  const { reason, verdict, jobs, timeline, journal } = write;
  const readable = { reason, verdict, jobs, timeline, journal };
  const given = Object.fromEntries(Object.entries(readable).filter(([, value]) => value !== undefined));
  return { ...write, ...masked(given, mask) };
}

function masked<T>(value: T, mask: Masker): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- strings become strings, and the rest stays
  return mapStrings(value, mask) as T;
}

function mapStrings(value: unknown, mask: Masker): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, mask)]));
}
