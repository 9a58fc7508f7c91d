import type { OutputPosition } from '../../../engine/ports/runtime.ts';

/**
 * Lines of the two streams may stand in the log slightly out of the order of their timestamps. To lose and repeat none, reading
 * begins a little before the last line taken and everything up to and with that line is skipped, in the order of the log.
 */
const lookBackSeconds = 1;

/** Where reading goes on. */
export class ResumePoint {
  readonly #position: OutputPosition | null;
  #passed: boolean;

  constructor(position: OutputPosition | null) {
    this.#position = position;
    this.#passed = position === null;
  }

  /** What to ask Docker for, in whole epoch seconds. */
  sinceSeconds(): number {
    return this.#position === null ? 0 : Math.max(0, epochSeconds(this.#position) - lookBackSeconds);
  }

  /** To be asked for every chunk in order. */
  isAfter(position: OutputPosition): boolean {
    if (this.#passed) return true;
    if (position === this.#position) {
      this.#passed = true;
      return false;
    }
    // Well past it and never seen: rotation has removed the line.
    this.#passed = this.#position !== null && epochSeconds(position) > epochSeconds(this.#position) + lookBackSeconds;
    return this.#passed;
  }
}

function epochSeconds(position: OutputPosition): number {
  return Math.floor(Date.parse(position) / 1000);
}
