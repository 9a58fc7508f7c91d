/** Reads a stream of chunks in pieces of any size. Holds one piece and one chunk at most. */
export class ByteSource implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; fewer where the stream ends before that. */
  async take(count: number): Promise<Buffer> {
    const found: Buffer[] = [];
    let missing = count;
    while (missing > 0 && (await this.#fill())) {
      const piece = this.#held.subarray(0, missing);
      this.#held = this.#held.subarray(piece.length);
      missing -= piece.length;
      found.push(piece);
    }
    const [only] = found;
    return found.length === 1 && only !== undefined ? only : Buffer.concat(found);
  }

  /** Nothing is left. */
  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#held.length === 0 && !this.#ended) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else this.#held = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    return this.#held.length > 0;
  }
}
