type Listener = (event: Event) => void;

const none: readonly never[] = [];
/** One for all: who made it is of no interest, and a stack for each would cost more than the abort. */
const aborted = new Event('abort');
const noReason = new DOMException('This operation was aborted', 'AbortError');

/**
 * Does what an `AbortSignal` of Node does, in the same order, for a fraction of the price: that one is a whole event target, and where a
 * process is killed without a word, what `AbortSignal.any` made for it is kept for ever. A history makes thousands of them.
 */
class LeanSignal {
  aborted = false;
  reason: unknown = undefined;
  /** Most have one at a time, and need no set for it. */
  #listener: Listener | null = null;
  /** Those that came after it. */
  #others: Set<Listener> | null = null;
  /** Those made by `any` from it. */
  #followers: LeanSignal[] | null = null;
  /** What it was made from; null: it is its controller's. */
  #sources: readonly LeanSignal[] | null = null;

  static abort(reason: unknown = noReason): LeanSignal {
    const signal = new LeanSignal();
    signal.abortWith(reason);
    return signal;
  }

  static any(signals: Iterable<LeanSignal>): LeanSignal {
    const either = new LeanSignal();
    const sources: LeanSignal[] = [];
    for (const signal of signals) {
      if (signal.aborted) return LeanSignal.abort(signal.reason);
      for (const source of signal.#sources ?? [signal]) if (!sources.includes(source)) sources.push(source);
    }
    either.#sources = sources;
    for (const source of sources) (source.#followers ??= []).push(either);
    return either;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: Listener): void {
    if (this.aborted || this.#listener === listener) return;
    // Whoever came later is told later, also where the first one has left.
    if (this.#listener === null && (this.#others === null || this.#others.size === 0)) this.#listener = listener;
    else (this.#others ??= new Set()).add(listener);
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    if (this.#listener === listener) this.#listener = null;
    else this.#others?.delete(listener);
  }

  /** All that follow are aborted before anybody is told. */
  abortWith(reason: unknown): void {
    if (this.aborted) return;
    const followers = this.#followers?.filter((one) => !one.aborted) ?? none;
    this.#followers = null;
    for (const one of [this, ...followers]) {
      one.aborted = true;
      one.reason = reason;
    }
    for (const one of [this, ...followers]) one.#tell();
  }

  #tell(): void {
    if (this.#listener !== null) tell(this.#listener);
    // Whoever is told may keep those after it from being told; nobody comes who is not there yet.
    for (const listener of this.#others ?? none) tell(listener);
    this.#listener = null;
    this.#others = null;
  }
}

function tell(listener: Listener): void {
  try {
    listener(aborted);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

class LeanController {
  readonly signal = new LeanSignal();

  abort(reason: unknown = noReason): void {
    this.signal.abortWith(reason);
  }
}

Object.assign(globalThis, { AbortSignal: LeanSignal, AbortController: LeanController });
