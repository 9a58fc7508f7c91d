import { join } from 'node:path';
import { CutoverError } from '../../../domain/errors.ts';

const segment = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The file of a log. Errors: `invalid_input` for a name that is not made of plain segments. */
export function logFile(dir: string, name: string): string {
  return `${logDirectory(dir, name)}.ndjson`;
}

/** The directory of all logs whose names begin with these segments. */
export function logDirectory(dir: string, prefix: string): string {
  const segments = prefix.replace(/\/$/, '').split('/');
  if (segments.length > 8 || !segments.every((part) => segment.test(part))) {
    throw new CutoverError('invalid_input', `${JSON.stringify(prefix)} is not the name of a log.`);
  }
  return join(dir, ...segments);
}
