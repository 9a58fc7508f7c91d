interface SessionOptions {
  /** Number of the control plane; see `src/store/wakeups.ts`. */
  readonly owner: number;
  /** As the real one: '' when it begins to listen, then the id of every deployment that something was told of. */
  readonly onWakeup: (deploymentId: string) => void;
}

/** The sessions in which control planes listen, and by which others see that they live. */
export class Sessions {
  readonly #open = new Map<number, SessionOptions>();
  readonly #endings = new Map<number, number>();

  /** An owner has at most one. */
  open(options: SessionOptions): void {
    if (this.#open.has(options.owner)) throw new Error(`owner ${options.owner} has a session already`);
    this.#open.set(options.owner, options);
    this.#deliver(options, '');
  }

  end(owner: number): void {
    this.#open.delete(owner);
    this.#endings.set(owner, this.endings(owner) + 1);
  }

  /** How often the connections of this owner were lost, whether it listened or not. */
  endings(owner: number): number {
    return this.#endings.get(owner) ?? 0;
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
