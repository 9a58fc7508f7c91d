import type { FileHandle } from 'node:fs/promises';
import { linesBackwards, wholeSize } from './log-tail.ts';

/** How far back the last position is looked for: instance logs have one in nearly every line, job logs have none. */
const searchBytes = 1024 * 1024;

export interface Recovered {
  /** Where the next line goes. */
  readonly size: number;
  readonly position: string | null;
  /** The log has reached its limit. */
  readonly full: boolean;
}

/** Makes a file ready for more lines: cuts off half a line that a crash left, and the end marker of an earlier writer. */
export async function recover(file: FileHandle): Promise<Recovered> {
  const whole = await wholeSize(file);
  let size = whole;
  let full = false;
  let position: string | null = null;
  for await (const { decoded, start } of linesBackwards(file, whole)) {
    if (decoded.type === 'end') {
      size = start;
      continue;
    }
    full ||= decoded.cut;
    position = decoded.line.position ?? null;
    if (position !== null || whole - start > searchBytes) break;
  }
  await file.truncate(size);
  return { size, position, full };
}
