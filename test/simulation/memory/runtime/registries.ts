import type { Image } from './images.ts';

/** An image at a registry. */
interface Offered {
  readonly digest: string;
  readonly image: Image;
  /** Password without which nobody gets it; null: everybody does. */
  readonly password: string | null;
}

/** The registries of the world. */
export class Registries {
  readonly #tags = new Map<string, string>();
  readonly #byDigest = new Map<string, Offered>();

  /** From now on the reference names this image; what it named before is still there by its digest. */
  push(reference: string, offered: Offered): void {
    this.#tags.set(reference, offered.digest);
    this.#byDigest.set(offered.digest, offered);
  }

  find(reference: string): Offered | null {
    return this.at(this.#tags.get(reference) ?? '');
  }

  at(digest: string): Offered | null {
    return this.#byDigest.get(digest) ?? null;
  }
}
