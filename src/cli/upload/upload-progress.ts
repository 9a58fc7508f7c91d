import { formatBytes } from '../output/bytes.ts';
import type { Output } from '../terminal.ts';

const eraseLine = '\r\u001B[2K';
const drawEveryMs = 100;

/** How much was read of what is sent, in one line that is redrawn; for people only, and gone at its end. */
export class UploadProgress implements Disposable {
  readonly #output: Output;
  readonly #ofBytes: number;
  #bytes = 0;
  #drawnAt = -Infinity;

  constructor(output: Output, ofBytes: number) {
    this.#output = output;
    this.#ofBytes = ofBytes;
  }

  read(bytes: number): void {
    this.#bytes += bytes;
    const now = performance.now();
    if (!this.#output.isTTY || now - this.#drawnAt < drawEveryMs) return;
    this.#drawnAt = now;
    const line = `  sent ${formatBytes(this.#bytes)} of ${formatBytes(this.#ofBytes)}`;
    this.#output.write(`${eraseLine}${line.slice(0, Math.max(1, this.#output.columns - 1))}`);
  }

  [Symbol.dispose](): void {
    if (this.#drawnAt !== -Infinity) this.#output.write(eraseLine);
  }
}
