import { Bell } from './bell.ts';

/** What one listener has not taken yet. */
export class Channel<T> {
  readonly #bell = new Bell();
  #items: T[] = [];
  #isCut = false;

  push(item: T): void {
    this.#items.push(item);
    this.#bell.ring();
  }

  cut(): void {
    this.#isCut = true;
    this.#bell.ring();
  }

  /** All that has come since, at least one; null when the line was cut and nothing is left. Rejects with the signal's reason. */
  async take(signal?: AbortSignal): Promise<readonly T[] | null> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.#items.length > 0) {
        const items = this.#items;
        this.#items = [];
        return items;
      }
      if (this.#isCut) return null;
      await (signal === undefined ? this.#bell.next() : this.#bell.wait(signal));
    }
  }
}

/** Said to everybody who listens, and kept for nobody. */
export class Broadcast<T> {
  readonly #channels = new Set<Channel<T>>();

  get isHeard(): boolean {
    return this.#channels.size > 0;
  }

  say(item: T): void {
    for (const channel of this.#channels) channel.push(item);
  }

  listen(): Channel<T> {
    const channel = new Channel<T>();
    this.#channels.add(channel);
    return channel;
  }

  leave(channel: Channel<T>): void {
    this.#channels.delete(channel);
  }

  /** Everybody's line breaks: what is said from now on reaches only who listens anew. */
  cut(): void {
    for (const channel of this.#channels) channel.cut();
    this.#channels.clear();
  }
}
