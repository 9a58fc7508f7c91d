/** An append-only list that can be followed: what a timeline or a log is to its readers. */
export class Feed<T> {
  readonly items: T[] = [];
  /** Readers that are waiting or have not been let go of. */
  readers = 0;
  #closed = false;
  #changed = Promise.withResolvers<void>();

  append(item: T): void {
    this.items.push(item);
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async *read(wanted: (item: T) => boolean, follow: boolean, signal: AbortSignal): AsyncGenerator<T> {
    this.readers += 1;
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
    );
    aborted.catch(() => undefined);
    try {
      for (let index = 0; ; index += 1) {
        while (index >= this.items.length) {
          if (this.#closed || !follow) return;
          await Promise.race([this.#changed.promise, aborted]);
        }
        signal.throwIfAborted();
        const item = this.items[index];
        if (item !== undefined && wanted(item)) yield item;
      }
    } finally {
      this.readers -= 1;
    }
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
