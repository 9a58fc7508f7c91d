import { CutoverError } from '../domain/errors.ts';

/** PostgreSQL answers, and cannot write. */
const diskFullState = '53100';

const unavailableStates = new Set([
  '53200', // out of memory
  '53300', // too many connections
  '57014', // cancelled: statement timeout
  '57P01', // shut down by the administrator
  '57P02', // another process of it crashed
  '57P03', // starting up or shutting down
  '57P05', // idle session timeout
  '25P03', // idle in transaction timeout
]);

/** Whatever the system says of the way to it: `ECONNREFUSED`, or `EAGAIN` from one that has been frozen for long. `ERR_…` is an error of ours. */
const systemError = /^E(?!RR_)[A-Z_]+$/;

/** `pg` gives these no code. */
const unavailableMessages =
  /connection terminated|timeout exceeded when trying to connect|timeout expired|read timeout|not queryable|connection ended|client was closed|connection error/i;

/** `database_unavailable` for what means that PostgreSQL does not answer, `disk_full` where it has no room; everything else as it is. */
export function translateDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CutoverError) return error;
  if (errorCode(error) === diskFullState)
    return new CutoverError('disk_full', `PostgreSQL has no space left on its disk: ${error.message}`, {
      cause: error,
    });
  if (!isUnavailable(error) && !isOutdatedPlan(error)) return error;
  return new CutoverError('database_unavailable', `PostgreSQL does not answer: ${describe(error)}`, { cause: error });
}

function isUnavailable(error: Error): boolean {
  const code = errorCode(error);
  if (code !== null) return unavailableStates.has(code) || systemError.test(code) || code.startsWith('08');
  if (error instanceof AggregateError) return error.errors.some((one) => one instanceof Error && isUnavailable(one));
  return unavailableMessages.test(error.message);
}

/** A newer version has changed a table while this one runs: a session of its own knows the statement no more, a new one does. */
function isOutdatedPlan(error: Error): boolean {
  return errorCode(error) === '0A000' && /cached plan must not change/.test(error.message);
}

/** An `AggregateError` (several addresses tried) has an empty message. */
function describe(error: Error): string {
  return error.message === '' ? (errorCode(error) ?? error.name) : error.message;
}

/** SQLSTATE or system error code. */
function errorCode(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Name of the constraint that a unique violation (23505) broke; null for any other error. */
export function brokenUniqueConstraint(error: unknown): string | null {
  if (!(error instanceof Error) || errorCode(error) !== '23505') return null;
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : null;
}
