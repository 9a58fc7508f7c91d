/** The framing of Git's protocols: four hex digits of length, these included; `0000` ends a list. */
const headBytes = 4;
const largestPacket = 65_520;
export const flushPacket = Buffer.from('0000');

export function packet(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const head = (bytes.length + headBytes).toString(16).padStart(headBytes, '0');
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** What is not in Git's framing, or more of it than anybody needs. */
export class MalformedPackets extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedPackets';
  }
}

/** Reads packets off the front of a stream, and leaves the rest of it as it is. */
export class PacketReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffered = Buffer.alloc(0);
  #ended = false;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** `flush` for the end of a list, `end` for the end of the stream. Error: `MalformedPackets`. */
  async next(): Promise<Buffer | 'flush' | 'end'> {
    if (!(await this.#fill(headBytes))) {
      if (this.#buffered.length === 0) return 'end';
      throw new MalformedPackets('the stream ends within a packet');
    }
    const head = this.#buffered.toString('latin1', 0, headBytes);
    const length = /^[0-9a-f]{4}$/i.test(head) ? Number.parseInt(head, 16) : Number.NaN;
    if (length === 0) {
      this.#take(headBytes);
      return 'flush';
    }
    if (!(length > headBytes && length <= largestPacket))
      throw new MalformedPackets('the stream is not made of packets');
    if (!(await this.#fill(length))) throw new MalformedPackets('the stream ends within a packet');
    return this.#take(length).subarray(headBytes);
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#buffered.length > 0) yield this.#take(this.#buffered.length);
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return;
      yield value;
    }
  }

  async #fill(bytes: number): Promise<boolean> {
    while (this.#buffered.length < bytes && !this.#ended) {
      const { done, value } = await this.#chunks.next();
      if (done === true) this.#ended = true;
      else this.#buffered = Buffer.concat([this.#buffered, value]);
    }
    return this.#buffered.length >= bytes;
  }

  #take(bytes: number): Buffer {
    const taken = this.#buffered.subarray(0, bytes);
    this.#buffered = this.#buffered.subarray(bytes);
    return taken;
  }
}
