import type { OutputChunk } from '../../../engine/ports/runtime.ts';
import type { LogFrame } from './log-frames.ts';

/**
 * A longer line is left out, so that a program that never ends its line cannot fill the memory. It is not cut: a secret that is cut in two could
 * not be recognised in either part.
 */
const longestLineBytes = 1024 * 1024;
const leftOut = `— a line of more than ${longestLineBytes / 1024 / 1024} MiB is left out —`;
const newline = 0x0a;

interface OpenLine {
  readonly timestamp: string;
  readonly pieces: Buffer[];
  bytes: number;
  /** It was too long, and that has been said. */
  isLeftOut: boolean;
}

/** Puts the pieces of long lines together; Docker gives all pieces of a line the timestamp of the first. */
export class LogLines {
  readonly #open: Record<LogFrame['stream'], OpenLine | null> = { stdout: null, stderr: null };

  /** The line that this frame completes, if it does. */
  take(frame: LogFrame): OutputChunk | null {
    const space = frame.payload.indexOf(0x20);
    const timestamp = frame.payload.toString('latin1', 0, space);
    const ends = frame.payload.at(-1) === newline;
    const line = this.#lineAt(frame.stream, timestamp);
    const piece = frame.payload.subarray(space + 1, ends ? frame.payload.length - 1 : frame.payload.length);
    if (ends) this.#open[frame.stream] = null;
    if (line.isLeftOut) return null;
    // A copy: the payload is a window on a whole read buffer.
    line.pieces.push(ends && line.pieces.length === 0 ? piece : Buffer.from(piece));
    line.bytes += piece.length;
    if (line.bytes > longestLineBytes) return leaveOut(line, frame.stream);
    return ends ? whole(line, frame.stream) : null;
  }

  /** What was printed last without a newline, once nothing more can come. */
  rest(): readonly OutputChunk[] {
    return (['stdout', 'stderr'] as const).flatMap((stream) => {
      const line = this.#open[stream];
      this.#open[stream] = null;
      return line === null || line.bytes === 0 ? [] : [whole(line, stream)];
    });
  }

  #lineAt(stream: LogFrame['stream'], timestamp: string): OpenLine {
    const open = this.#open[stream];
    if (open !== null && open.timestamp === timestamp) return open;
    const line = { timestamp, pieces: [], bytes: 0, isLeftOut: false };
    this.#open[stream] = line;
    return line;
  }
}

function whole({ timestamp, pieces }: OpenLine, stream: LogFrame['stream']): OutputChunk {
  return { stream, position: timestamp, text: Buffer.concat(pieces).toString() };
}

function leaveOut(line: OpenLine, stream: LogFrame['stream']): OutputChunk {
  line.isLeftOut = true;
  line.pieces.length = 0;
  line.bytes = 0;
  return { stream, position: line.timestamp, text: leftOut };
}
