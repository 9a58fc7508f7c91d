export interface LogFrame {
  readonly stream: 'stdout' | 'stderr';
  /** One message of the log driver: a line with its newline, or a 16 KiB piece of a longer one without. */
  readonly payload: Buffer;
}

const headerBytes = 8;
const stderrType = 2;

/** Docker's multiplexed stream: a header of stream type (byte 0) and length (bytes 4-7, big-endian) before each payload. */
export async function* readLogFrames(source: AsyncIterable<string | Buffer>): AsyncGenerator<LogFrame> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const read of source) {
    const chunk = typeof read === 'string' ? Buffer.from(read, 'latin1') : read;
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let offset = 0;
    while (pending.length - offset >= headerBytes) {
      const end = offset + headerBytes + pending.readUInt32BE(offset + 4);
      if (end > pending.length) break;
      yield {
        stream: pending[offset] === stderrType ? 'stderr' : 'stdout',
        payload: pending.subarray(offset + headerBytes, end),
      };
      offset = end;
    }
    pending = pending.subarray(offset);
  }
}
