interface SessionOptions {
  /** Number of the control plane; see `src/store/wakeups.ts`. */
  readonly owner: number;
  /** As the real one: '' when it begins to listen, then the id of every deployment that something was told of. */
  readonly onWakeup: (deploymentId: string) => void;
}

/** The sessions in which control planes listen, and by which others see that they live. */
export class Sessions {
  readonly #open = new Map<number, SessionOptions>();

  /** An owner has at most one. */
  open(options: SessionOptions): void {
    if (this.#open.has(options.owner)) throw new Error(`owner ${options.owner} has a session already`);
    this.#open.set(options.owner, options);
    this.#deliver(options, '');
  }

  end(owner: number): void {
    this.#open.delete(owner);
  }

  has(owner: number | null): boolean {
    return owner !== null && this.#open.has(owner);
  }

  /** Everybody hears of it soon, and nobody before this call has returned. */
  tell(deploymentId: string): void {
    for (const session of this.#open.values()) this.#deliver(session, deploymentId);
  }

  #deliver(session: SessionOptions, deploymentId: string): void {
    queueMicrotask(() => {
      if (this.#open.get(session.owner) === session) session.onWakeup(deploymentId);
    });
  }
}
