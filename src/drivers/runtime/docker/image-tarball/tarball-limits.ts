import { CutoverError } from '../../../../domain/errors.ts';
import { mostContent, type ExpansionLimits } from '../../../archive/expansion.ts';

export interface TarballLimits extends ExpansionLimits {
  /** Of all JSON in it together. */
  readonly jsonBytes: number;
}

export const tarballLimits: TarballLimits = {
  entries: 20_000,
  bytes: 32 * 1024 ** 3,
  ratio: 100,
  freeBytes: 512 * 1024 ** 2,
  jsonBytes: 16 * 1024 ** 2,
};

/** Names, and what links lead to. */
const mostNames = 16 * 1024 ** 2;

export function refused(reason: string, cause?: unknown): CutoverError {
  return new CutoverError('image_tarball_invalid', `the image tarball is refused: ${reason}`, { cause });
}

/** Counts what comes out of a tarball. Error: `image_tarball_invalid`. */
export class TarballMeter {
  readonly #limits: TarballLimits;
  readonly #most: number;
  #entries = 0;
  #bytes = 0;
  #jsonBytes = 0;
  #nameBytes = 0;

  constructor(limits: TarballLimits, tarballBytes: number) {
    this.#limits = limits;
    this.#most = mostContent(limits, tarballBytes);
  }

  /** `texts`: what is kept of it until the end. */
  entry(...texts: readonly string[]): void {
    for (const text of texts) this.#nameBytes += Buffer.byteLength(text);
    if (this.#nameBytes > mostNames) throw refused(`its names are longer than ${mostNames} bytes together`);
    this.#entries += 1;
    if (this.#entries > this.#limits.entries) throw refused(`there are more than ${this.#limits.entries} entries`);
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#most) throw refused(`what is in it is larger than ${this.#most} bytes`);
  }

  addJson(bytes: number): void {
    this.#jsonBytes += bytes;
    if (this.#jsonBytes > this.#limits.jsonBytes) throw refused('its descriptions are too large');
  }
}
