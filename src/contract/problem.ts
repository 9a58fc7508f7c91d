import { z } from 'zod';
import { CutoverError, errorCatalogue, type ErrorCode, type ErrorKind } from './errors.ts';
import { named } from './schemas/named.ts';

/** RFC 9457 with two members of our own: `code` (stable) and `next` (what to do). */
export const problemSchema = named(
  'Problem',
  z.object({
    type: z.string().meta({ description: 'Documentation of the code, relative to the documentation root.' }),
    title: z.string().meta({ description: 'What the code means.' }),
    status: z.int(),
    code: z.string().meta({ description: 'Stable; one of the catalogue in docs/errors.md.' }),
    detail: z.string().meta({ description: 'What happened this time.' }),
    next: z.string().meta({ description: 'What to do next.' }),
    instance: z
      .string()
      .exactOptional()
      .meta({ description: 'Names this occurrence in the log of the control plane.' }),
  }),
);
export type Problem = z.output<typeof problemSchema>;

export const problemMediaType = 'application/problem+json';

export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unavailable: 503,
  deployment: 422,
  internal: 500,
};

/** `status` where HTTP has a more exact one than the kind (405, 413, 415). */
export function toProblem(
  error: CutoverError,
  options: { readonly status?: number; readonly instance?: string } = {},
): Problem {
  return {
    type: `docs/errors.md#${error.code}`,
    title: errorCatalogue[error.code].meaning,
    status: options.status ?? statusOfKind[error.kind],
    code: error.code,
    detail: error.message,
    next: error.next,
    ...(options.instance === undefined ? {} : { instance: options.instance }),
  };
}

/** The error behind a problem document. A code this version does not know becomes `internal`, with the code in the message. */
export function fromProblem(problem: Problem): CutoverError {
  if (isErrorCode(problem.code)) return new CutoverError(problem.code, problem.detail);
  return new CutoverError('internal', `${problem.code}: ${problem.detail}`);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
