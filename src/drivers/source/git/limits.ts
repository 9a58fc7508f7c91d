import { CutoverError } from '../../../domain/errors.ts';

/** How much of this machine one repository may take. */
export interface RepositoryLimits {
  /** Of a mirror: what the server sent, compressed. */
  readonly mirrorBytes: number;
  /** Files and directories of a work tree, submodules included. */
  readonly files: number;
  /** Of the files of a work tree, submodules and what Git LFS keeps included. */
  readonly bytes: number;
}

export const defaultLimits: RepositoryLimits = {
  mirrorBytes: 2 * 1024 ** 3,
  files: 200_000,
  bytes: 4 * 1024 ** 3,
};

/** What is left of the limits for the rest of a work tree. Error of all: `repository_too_large`. */
export class Allowance {
  readonly #limits: RepositoryLimits;
  #files = 0;
  #bytes = 0;

  constructor(limits: RepositoryLimits) {
    this.#limits = limits;
  }

  addEntry(bytes: number): void {
    this.#files += 1;
    if (this.#files > this.#limits.files)
      throw tooLarge(`The repository has more than ${this.#limits.files} files and directories.`);
    this.addBytes(bytes);
  }

  addBytes(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.bytes)
      throw tooLarge(`The files of the repository are larger than ${megabytes(this.#limits.bytes)}.`);
  }
}

export function tooLarge(message: string): CutoverError {
  return new CutoverError('repository_too_large', message);
}

export function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

/** A signal that is also aborted, with `repository_too_large`, when the time is over. */
export function within(ms: number, signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  const error = tooLarge(`The checkout, with all that belongs to it, took longer than ${ms / 1_000} s.`);
  const timer = setTimeout(() => over.abort(error), ms);
  return { signal: AbortSignal.any([signal, over.signal]), [Symbol.dispose]: () => clearTimeout(timer) };
}
