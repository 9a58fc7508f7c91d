import { ProviderError } from '../../../engine/ports/provider.ts';
import { notReached, providerFailure } from '../provider-failure.ts';

interface ErrorAnswer extends Error {
  readonly status: number;
  readonly response: { readonly headers: Readonly<Record<string, string | number | undefined>> };
}

/** Octokit gives status 500 to what was never answered; an answer has headers. */
export function isAnswer(error: unknown): error is ErrorAnswer {
  return error instanceof Error && 'status' in error && 'response' in error && error.response !== undefined;
}

export function isLimit({ response: { headers } }: ErrorAnswer): boolean {
  return headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0';
}

/** What goes wrong as a `ProviderError`; an end that was asked for as it is. */
export async function translated<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProviderError) throw error;
    if (!isAnswer(error)) throw notReached('GitHub', error);
    const { headers } = error.response;
    const header = (name: string) => (headers[name] === undefined ? null : String(headers[name]));
    throw providerFailure({ status: error.status, header, message: error.message, what: 'GitHub' }, Date.now());
  }
}
