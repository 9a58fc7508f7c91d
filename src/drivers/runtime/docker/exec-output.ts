import type { LogFrame } from './log-frames.ts';

const longestText = 2_000;

/** The start of what a command prints, both streams in the order in which it came; the rest is let go. */
export class OutputStart {
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  #text = '';

  take({ stream, payload }: LogFrame): void {
    if (this.#text.length >= longestText) return;
    // No more than could be shown is decoded, even of a single large frame; a character has at most four bytes.
    const window = payload.subarray(0, (longestText - this.#text.length) * 4);
    this.#text += this.#decoders[stream].decode(window, { stream: true });
  }

  /** At most 2,000 characters. */
  text(): string {
    const cut = this.#text.slice(0, longestText);
    // Not half of a character that takes two.
    return cut.isWellFormed() ? cut : cut.slice(0, -1);
  }
}
