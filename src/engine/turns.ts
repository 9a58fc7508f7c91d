/** Lets work about the same thing be done one after the other, in the order in which it was asked for. */
export class Turns {
  readonly #tails = new Map<string, Promise<unknown>>();

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const turn = before.then(work);
    const over = Promise.allSettled([turn]).finally(() => {
      if (this.#tails.get(key) === over) this.#tails.delete(key);
    });
    this.#tails.set(key, over);
    return turn;
  }
}
