import { CutoverError } from '../../domain/errors.ts';
import type { ProviderAccess, ProviderMessage, PullRequestState } from '../../domain/provider.ts';

/**
 * The door to the API of whoever keeps a repository. Every call may be repeated: what is so already is left so, and a comment is edited in
 * place. Every call has a timeout. Errors: `ProviderError`, with `provider_unavailable` where it may help to try again, and `provider_refused`
 * where it does not.
 */
export interface Provider {
  /** Providers that have nothing of the kind do nothing. */
  tell(message: ProviderMessage, signal: AbortSignal): Promise<void>;
  /** null: there is no such pull request. */
  pullRequest(number: number, signal: AbortSignal): Promise<PullRequestState | null>;
  /** All of them, however many. */
  openPullRequests(signal: AbortSignal): Promise<readonly PullRequestState[]>;
}

export type OpenProvider = (access: ProviderAccess) => Provider;

/** `retryAfterMs`: the provider says when it may be asked again; null: it does not. */
export class ProviderError extends CutoverError {
  readonly retryAfterMs: number | null;

  constructor(
    code: 'provider_unavailable' | 'provider_refused',
    message: string,
    options: { readonly retryAfterMs?: number | null; readonly cause?: unknown } = {},
  ) {
    super(code, message, { cause: options.cause });
    this.name = 'ProviderError';
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
