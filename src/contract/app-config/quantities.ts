import { z } from 'zod';
import { mbPerUnit, msPerUnit } from '../units.ts';
import { expecting } from './members.ts';

const durationPattern = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h)$/;
const memoryPattern = /^(\d{1,9}(?:\.\d{1,3})?) ?([mMgG](?:[iI]?[bB])?)$/;

/** `30s`, `500ms`, `15m`, `1h`, or a number of seconds; gives milliseconds. The ends are in milliseconds. */
export function duration(minMs: number, maxMs: number) {
  const range = `from ${durationText(minMs)} to ${durationText(maxMs)}`;
  return quantity({
    pattern: durationPattern,
    factors: msPerUnit,
    numberFactor: 1_000,
    range: [minMs, maxMs],
    message: `must be a duration ${range}, such as 500ms, 30s or 15m`,
    description: `A duration ${range}: 500ms, 30s, 15m or 1h; a number is seconds.`,
  });
}

/** `512MB`, `1GB`, or a number of MiB; gives MiB. */
export function memory([min, max]: readonly [number, number]) {
  return quantity({
    pattern: memoryPattern,
    factors: mbPerUnit,
    numberFactor: 1,
    range: [min, max],
    message: `must be an amount of memory from ${min}MB to ${max / 1_024}GB, such as 512MB or 1GB`,
    description: `Memory: 512MB or 1GB (of 1,024 MB); a number is MB. From ${min}MB to ${max / 1_024}GB.`,
  });
}

interface Quantity {
  readonly pattern: RegExp;
  /** By unit in lower case. */
  readonly factors: Readonly<Record<string, number>>;
  /** Of a number without a unit. */
  readonly numberFactor: number;
  readonly range: readonly [number, number];
  readonly message: string;
  readonly description: string;
}

function quantity({ pattern, factors, numberFactor, range: [min, max], message, description }: Quantity) {
  const error = expecting(message);
  const number = z
    .number({ error })
    .min(min / numberFactor, { error })
    .max(max / numberFactor, { error });
  return z
    .union([z.string({ error }).regex(pattern, { error }), number], { error })
    .transform((value, context) => {
      const [, amount = '', unit = ''] = typeof value === 'string' ? (pattern.exec(value) ?? []) : [];
      const exact =
        typeof value === 'number' ? value * numberFactor : Number(amount) * (factors[unit.toLowerCase()] ?? Number.NaN);
      const whole = Math.round(exact);
      if (whole >= min && whole <= max) return whole;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ description });
}

function durationText(ms: number): string {
  if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000}h`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
