import { randomUUID } from 'node:crypto';
import { CutoverError } from '../contract/errors.ts';
import { problemMediaType, toProblem, type Problem } from '../contract/problem.ts';
import type { OperatorLog } from '../engine/ports/ports.ts';

/** An error that HTTP has a more exact status for than its kind. */
export class HttpError extends CutoverError {
  readonly status: number;

  constructor(status: number, ...rest: ConstructorParameters<typeof CutoverError>) {
    super(...rest);
    this.status = status;
  }
}

/** What a caller may see of an error. What nobody expected is logged under an id, and only the id is shown. */
export function describeFailure(error: unknown, log: OperatorLog, request: string): Problem {
  if (error instanceof HttpError) return toProblem(error, { status: error.status });
  if (error instanceof CutoverError && error.code !== 'internal') return toProblem(error);
  const id = randomUUID();
  log.error({ id, request, err: error }, 'a request failed unexpectedly');
  return toProblem(new CutoverError('internal', `the request failed; the log has the details under ${id}`), {
    instance: `urn:uuid:${id}`,
  });
}

export const commonHeaders = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

const retryAfterS = 10;

export function problemResponse(problem: Problem): Response {
  const headers = new Headers({ ...commonHeaders, 'content-type': problemMediaType });
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="cutover"');
  if (problem.status === 503) headers.set('retry-after', String(retryAfterS));
  // The rest of a body that is too large, or too late, is not read, so the connection cannot be used again.
  if (problem.status === 413 || problem.status === 408) headers.set('connection', 'close');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
