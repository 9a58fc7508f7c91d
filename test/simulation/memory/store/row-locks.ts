interface Held {
  readonly owner: number;
  readonly released: Promise<void>;
  readonly release: () => void;
}

/** Rows, by number, that a transaction holds while it does work outside of the database. */
export class RowLocks {
  readonly #held = new Map<number, Held>();

  /** Resolves when it is given back; null: nobody holds it. */
  wait(slot: number): Promise<void> | null {
    return this.#held.get(slot)?.released ?? null;
  }

  /** To be called only while nobody holds it. */
  hold(slot: number, owner: number): Disposable {
    const { promise, resolve } = Promise.withResolvers<void>();
    const held: Held = { owner, released: promise, release: resolve };
    this.#held.set(slot, held);
    return { [Symbol.dispose]: () => this.#giveBack(slot, held) };
  }

  /** Of a control plane whose connections are gone. */
  giveBackAll(owner: number): void {
    for (const [slot, held] of this.#held) if (held.owner === owner) this.#giveBack(slot, held);
  }

  #giveBack(slot: number, held: Held): void {
    if (this.#held.get(slot) === held) this.#held.delete(slot);
    held.release();
  }
}
