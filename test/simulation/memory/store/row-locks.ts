interface Held {
  readonly owner: number;
  readonly released: Promise<void>;
  readonly release: () => void;
}

/** Rows, by number or id, that a transaction holds while it does work outside of the database. */
export class RowLocks<Key extends number | string = number> {
  readonly #held = new Map<Key, Held>();

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Resolves when it is given back; null: nobody holds it. */
  wait(row: Key): Promise<void> | null {
    return this.#held.get(row)?.released ?? null;
  }

  /** To be called only while nobody holds it. */
  hold(row: Key, owner: number): Disposable {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held: Held = { owner, released: promise, release: resolve };
    this.#held.set(row, held);
    return { [Symbol.dispose]: () => this.#giveBack(row, held) };
  }

  /** Of a control plane whose connections are gone. */
  giveBackAll(owner: number): void {
    for (const [row, held] of this.#held) if (held.owner === owner) this.#giveBack(row, held);
  }

  #giveBack(row: Key, held: Held): void {
    if (this.#held.get(row) === held) this.#held.delete(row);
    held.release();
  }
}
