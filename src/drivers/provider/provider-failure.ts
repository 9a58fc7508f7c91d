import { ProviderError } from '../../engine/ports/provider.ts';

export interface FailedAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  /** What the provider says of it. */
  readonly message: string;
  readonly what: string;
}

/** Whether it helps to try again, and when, by the status and by what the providers document of their limits. */
export function providerFailure({ status, header, message, what }: FailedAnswer, now: number): ProviderError {
  const retryAfterMs = retryAfter(header, now);
  const spent = header('x-ratelimit-remaining') === '0' || header('ratelimit-remaining') === '0';
  const limited = status === 429 || (status === 403 && (spent || header('retry-after') !== null));
  const again = limited || status === 408 || status === 425 || status >= 500;
  const text = `${what}: ${status} ${message.slice(0, 300)}`.trim();
  return new ProviderError(again ? 'provider_unavailable' : 'provider_refused', text, {
    retryAfterMs: again ? retryAfterMs : null,
  });
}

/** Longer than any of them documents: who asks for more is asked again all the same. */
const longestWaitMs = 2 * 3_600_000;

/** `Retry-After` in seconds or as a date; else the second at which the limit begins anew. */
function retryAfter(header: (name: string) => string | null, now: number): number | null {
  const told = header('retry-after');
  if (told !== null) {
    const ms = /^\d+$/.test(told) ? Number(told) * 1_000 : Date.parse(told) - now;
    if (Number.isFinite(ms)) return bounded(ms);
  }
  const remaining = header('x-ratelimit-remaining') ?? header('ratelimit-remaining');
  const reset = Number(header('x-ratelimit-reset') ?? header('ratelimit-reset') ?? Number.NaN);
  return remaining === '0' && Number.isFinite(reset) ? bounded(reset * 1_000 - now) : null;
}

function bounded(ms: number): number {
  return Math.min(longestWaitMs, Math.max(0, ms));
}

export function notReached(what: string, cause: unknown): ProviderError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ProviderError('provider_unavailable', `${what}: ${reason}`, { cause });
}
