import type { FileHandle } from 'node:fs/promises';
import { decodeLine, type DecodedLine } from './log-format.ts';

const blockBytes = 64 * 1024;

/** Whole lines from the last to the first, read block by block from the end of the first `size` bytes; `start`: their offsets. */
export async function* linesBackwards(
  file: FileHandle,
  size: number,
): AsyncGenerator<{ readonly decoded: DecodedLine; readonly start: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let position = size;
  while (position > 0) {
    const length = Math.min(blockBytes, position);
    position -= length;
    const block = Buffer.alloc(length);
    await file.read(block, 0, length, position);
    rest = Buffer.concat([block, rest]);
    for (let end = rest.lastIndexOf(10); end > 0;) {
      const before = rest.lastIndexOf(10, end - 1);
      if (before < 0 && position > 0) break;
      yield { decoded: decodeLine(rest.toString('utf8', before + 1, end)), start: position + before + 1 };
      rest = rest.subarray(0, before + 1);
      end = before;
    }
  }
}

/** Bytes up to and with the last newline: what follows it was cut off by a crash. */
export async function wholeSize(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  for (let end = size; end > 0;) {
    const length = Math.min(blockBytes, end);
    const block = Buffer.alloc(length);
    await file.read(block, 0, length, end - length);
    const newline = block.lastIndexOf(10);
    if (newline >= 0) return end - length + newline + 1;
    end -= length;
  }
  return 0;
}
