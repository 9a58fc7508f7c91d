import type { Clock } from './ports/clock.ts';

/** Why nothing is waited for any more; nobody reads it, and it is made only once. */
const disposed = new Error('disposed of');

/** As `AbortSignal.timeout`, by the engine's own clock. Nothing is waited for any more once it is disposed of. */
export class Deadline implements Disposable {
  readonly #over = new AbortController();
  readonly #done = new AbortController();

  constructor(clock: Clock, ms: number) {
    clock.sleep(ms, this.#done.signal).then(
      () => this.#over.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
      // Disposed of: whoever asked has what it wanted.
      () => undefined,
    );
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  [Symbol.dispose](): void {
    this.#done.abort(disposed);
  }
}
