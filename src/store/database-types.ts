import { types } from 'pg';
import type { CustomTypesConfig } from 'pg';

/** `bigint` as a number (it throws past 2^53), `timestamptz` as ISO 8601 in UTC; everything else as `pg` does it. */
export const columnTypes: CustomTypesConfig = {
  getTypeParser(id, format) {
    if (format === 'binary') return types.getTypeParser(id, format);
    if (id === types.builtins.INT8) return parseBigint;
    if (id === types.builtins.TIMESTAMPTZ) return parseTime;
    return types.getTypeParser(id, format);
  },
};

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a number`);
  return value;
}

const parseDate = types.getTypeParser(types.builtins.TIMESTAMPTZ, 'text');

function parseTime(text: string): string {
  const date: Date = parseDate(text);
  return date.toISOString();
}
