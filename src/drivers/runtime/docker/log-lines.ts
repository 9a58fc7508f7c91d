import type { OutputChunk } from '../../../engine/ports/runtime.ts';
import type { LogFrame } from './log-frames.ts';

/** A line longer than this is handed on in several chunks, so that a program that never ends its line cannot fill the memory. */
const longestChunkBytes = 128 * 1024;
const newline = 0x0a;

interface OpenLine {
  readonly timestamp: string;
  readonly pieces: Buffer[];
  bytes: number;
  /** Chunks of this line that were handed on already. */
  chunks: number;
}

/** Puts the pieces of long lines together; Docker gives all pieces of a line the timestamp of the first. */
export class LogLines {
  readonly #open: Record<LogFrame['stream'], OpenLine | null> = { stdout: null, stderr: null };

  /** The chunk that this frame completes, if it does. */
  take(frame: LogFrame): OutputChunk | null {
    const space = frame.payload.indexOf(0x20);
    const timestamp = frame.payload.toString('latin1', 0, space);
    const ends = frame.payload.at(-1) === newline;
    const line = this.#lineAt(frame.stream, timestamp);
    const piece = frame.payload.subarray(space + 1, ends ? frame.payload.length - 1 : frame.payload.length);
    // A copy: the payload is a window on a whole read buffer.
    line.pieces.push(ends && line.pieces.length === 0 ? piece : Buffer.from(piece));
    line.bytes += piece.length;
    if (!ends && line.bytes < longestChunkBytes) return null;
    if (ends) this.#open[frame.stream] = null;
    const isHandedOn = line.bytes === 0 && line.chunks > 0;
    return isHandedOn ? null : close(line, frame.stream);
  }

  /** What was printed last without a newline, once nothing more can come. */
  rest(): readonly OutputChunk[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) => {
      const line = this.#open[stream];
      this.#open[stream] = null;
      return line === null || line.bytes === 0 ? [] : [close(line, stream)];
    });
  }

  #lineAt(stream: LogFrame['stream'], timestamp: string): OpenLine {
    const open = this.#open[stream];
    if (open !== null && open.timestamp === timestamp) return open;
    const line = { timestamp, pieces: [], bytes: 0, chunks: 0 };
    this.#open[stream] = line;
    return line;
  }
}

function close(line: OpenLine, stream: LogFrame['stream']): OutputChunk {
  const text = Buffer.concat(line.pieces).toString();
  const position = chunkPosition(line.timestamp, line.chunks);
  line.pieces.length = 0;
  line.bytes = 0;
  line.chunks += 1;
  return { stream, position, text };
}

/** Further chunks of one line count on in nanoseconds, so that no two positions are the same and all are timestamps. */
function chunkPosition(timestamp: string, chunk: number): string {
  if (chunk === 0) return timestamp;
  return timestamp.replace(/\d{9}(?=Z$)/, (digits) => {
    const nanoseconds = Number(digits);
    const shifted = nanoseconds + chunk < 1e9 ? nanoseconds + chunk : nanoseconds - chunk;
    return String(shifted).padStart(9, '0');
  });
}
