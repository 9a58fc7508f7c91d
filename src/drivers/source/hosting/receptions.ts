import { removeQuarantines } from './left-behind.ts';

/**
 * Pushes that are coming in, by repository. A `receive-pack` that is ended by a signal leaves what it had received, under a name that nobody
 * else knows: it goes when nothing else comes in.
 */
export class Receptions {
  readonly #open = new Map<string, number>();
  readonly #sweeping = new Map<string, Promise<void>>();

  /** Errors: those of the work; those of removing what was left. */
  async during<T>(repository: string, receive: () => Promise<T>): Promise<T> {
    while (this.#sweeping.has(repository)) await this.#sweeping.get(repository);
    this.#open.set(repository, this.#count(repository) + 1);
    try {
      return await receive();
    } finally {
      this.#open.set(repository, this.#count(repository) - 1);
      if (this.#count(repository) === 0) await this.#sweep(repository);
    }
  }

  #count(repository: string): number {
    return this.#open.get(repository) ?? 0;
  }

  async #sweep(repository: string): Promise<void> {
    this.#open.delete(repository);
    const sweep = removeQuarantines(repository).finally(() => this.#sweeping.delete(repository));
    this.#sweeping.set(repository, sweep);
    await sweep;
  }
}
