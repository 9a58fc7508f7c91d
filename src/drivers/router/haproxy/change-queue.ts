/**
 * One thing at a time. Edits that arrive while something is under way are taken together and committed once, so that a hundred
 * concurrent changes cost a few writes. `commit` gets edits that have been made; if it fails, all of them are rejected.
 */
export class ChangeQueue {
  readonly #commit: () => Promise<void>;
  #waiting: { edit: () => void; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  constructor(commit: () => Promise<void>) {
    this.#commit = commit;
  }

  /** The edit is made synchronously, and at most once. An edit that throws is rejected alone. An aborted caller no longer waits. */
  submit(edit: () => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ edit, resolve, reject });
    });
    if (this.#waiting.length === 1) void this.exclusive(() => this.#flush());
    return unlessAborted(done, signal);
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.then(noop, noop);
    return result;
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const made: typeof batch = [];
    for (const one of batch) {
      try {
        one.edit();
        made.push(one);
      } catch (error) {
        one.reject(error);
      }
    }
    try {
      await this.#commit();
      for (const one of made) one.resolve();
    } catch (error) {
      for (const one of made) one.reject(error);
    }
  }
}

export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function noop(): void {
  // The caller of `exclusive` has the result or the error; the queue only goes on.
}
