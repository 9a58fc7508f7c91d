import { CutoverError, type ErrorKind } from '../contract/errors.ts';

/** What the process ends with; documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 3,
  unauthorized: 4,
  notFound: 5,
  conflict: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const ofKind: Readonly<Record<ErrorKind, ExitCode>> = {
  invalid: exitCodes.usage,
  unauthenticated: exitCodes.unauthorized,
  forbidden: exitCodes.unauthorized,
  'not-found': exitCodes.notFound,
  conflict: exitCodes.conflict,
  unavailable: exitCodes.unavailable,
  deployment: exitCodes.failed,
  internal: exitCodes.failed,
};

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof CutoverError ? ofKind[error.kind] : exitCodes.failed;
}
