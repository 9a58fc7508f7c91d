import type { WireTimelineEntry } from '../../contract/schemas/timeline.ts';
import { formatDuration } from '../output/quantities.ts';
import type { Output } from '../terminal.ts';
import type { Progress } from './progress.ts';

/** One line per entry, with the time since the trigger. */
export class PlainProgress implements Progress {
  readonly #output: Output;
  readonly #since: number;

  constructor(output: Output, since: number) {
    this.#output = output;
    this.#since = since;
  }

  entry(entry: WireTimelineEntry): void {
    const elapsed = formatDuration(Math.max(0, Date.parse(entry.at) - this.#since));
    this.#output.write(`${elapsed.padStart(10)}  ${entry.text}\n`);
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}
