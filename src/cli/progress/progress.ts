import type { WireTimelineEntry } from '../../contract/schemas/timeline.ts';
import type { Output } from '../terminal.ts';
import { LiveProgress } from './live-progress.ts';
import { PlainProgress } from './plain-progress.ts';

/** Shows a deployment while it happens. Disposing it leaves the terminal as it was. */
export interface Progress extends Disposable {
  entry(entry: WireTimelineEntry): void;
}

/** Live on a terminal, plain lines in a pipe. `since`: epoch ms of the trigger. */
export function createProgress(output: Output, since: number): Progress {
  return output.isTTY ? new LiveProgress(output, since) : new PlainProgress(output, since);
}
