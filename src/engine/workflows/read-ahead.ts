import type { Clock } from '../ports/clock.ts';

/** An answer to what was asked longer ago says too little of what is so now. */
const freshMs = 250;

interface Question<T> {
  /** On the monotonic clock. */
  readonly askedAt: number;
  readonly answer: Promise<T | null>;
}

/**
 * What will probably be asked next, asked while something else is waited for. The answer is used once at most, and only for a moment. One
 * that failed is as if it had never been asked: whoever needs it asks, and is told.
 */
export class ReadAhead<T> {
  readonly #clock: Clock;
  #question: Question<T> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(ask: () => Promise<T | null>): void {
    this.#question = { askedAt: this.#clock.monotonic(), answer: ask().catch(() => null) };
  }

  /** null: there is no answer, or none any more. */
  async take(): Promise<T | null> {
    const question = this.#question;
    this.#question = null;
    if (question === null || this.#clock.monotonic() - question.askedAt > freshMs) return null;
    return question.answer;
  }

  /** What was asked about has been changed. */
  forget(): void {
    this.#question = null;
  }
}
