/** Tells whoever waits now that there is something to look at. Whoever comes later has not missed it: he looks first, and waits then. */
export class Bell {
  #next: { readonly rung: Promise<void>; readonly ring: () => void } | null = null;

  ring(): void {
    const next = this.#next;
    this.#next = null;
    next?.ring();
  }

  /** Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Everybody who waits looks again when one of them gives up: that is cheaper than a promise for each.
    const ring = () => this.ring();
    signal.addEventListener('abort', ring, { once: true });
    try {
      await this.next();
    } finally {
      signal.removeEventListener('abort', ring);
    }
    signal.throwIfAborted();
  }

  /** For those who look at their signal themselves, and see to it that an abort of it rings. */
  next(): Promise<void> {
    if (this.#next === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#next = { rung: promise, ring: resolve };
    }
    return this.#next.rung;
  }
}
