export interface PushLimits {
  /** That are being sent and unpacked: each takes two processes, memory and room on the disk. */
  readonly receiving: number;
  /** Those included that wait for their deployments: each takes a connection. */
  readonly open: number;
}

export const pushLimits: PushLimits = { receiving: 8, open: 256 };

/** How many pushes there are at once, of all projects. */
export class PushPlaces {
  readonly #limits: PushLimits;
  readonly #receiving = new Set<string>();
  readonly #open = new Set<string>();

  constructor(limits: PushLimits) {
    this.#limits = limits;
  }

  get areTaken(): boolean {
    return this.#receiving.size >= this.#limits.receiving || this.#open.size >= this.#limits.open;
  }

  /** False where there is no place for it. */
  enter(pushId: string): boolean {
    if (this.areTaken) return false;
    this.#receiving.add(pushId);
    this.#open.add(pushId);
    return true;
  }

  /** It only waits for what follows from it. */
  received(pushId: string): void {
    this.#receiving.delete(pushId);
  }

  leave(pushId: string): void {
    this.#receiving.delete(pushId);
    this.#open.delete(pushId);
  }
}
