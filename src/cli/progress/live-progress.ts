import type { WireTimelineEntry } from '../../contract/schemas/timeline.ts';
import { formatDuration } from '../output/quantities.ts';
import type { Output } from '../terminal.ts';
import type { Progress } from './progress.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
const eraseLine = '\r\u001B[2K';
const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';

/** Milestones stay as lines; below them one line is redrawn: spinner, current step, time since the trigger. */
export class LiveProgress implements Progress {
  readonly #output: Output;
  readonly #since: number;
  readonly #timer: NodeJS.Timeout;
  #frame = 0;
  #step = 'waiting';

  constructor(output: Output, since: number) {
    this.#output = output;
    this.#since = since;
    this.#output.write(hideCursor);
    this.#timer = setInterval(() => this.#draw(), frameMs).unref();
    this.#draw();
  }

  entry(entry: WireTimelineEntry): void {
    this.#step = stepAfter(entry) ?? this.#step;
    if (isMilestone(entry)) this.#output.write(`${eraseLine}  ${mark(entry)} ${entry.text}\n`);
    this.#draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#output.write(`${eraseLine}${showCursor}`);
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % frames.length;
    const elapsed = formatDuration(Math.max(0, Date.now() - this.#since));
    const line = `  ${frames[this.#frame]} ${this.#step} (${elapsed})`;
    this.#output.write(`${eraseLine}${line.slice(0, Math.max(1, this.#output.columns - 1))}`);
  }
}

/** What is shown only while it lasts. */
const passing = ['job.started', 'instance.starting', 'draining'];

function stepAfter({ event, text }: WireTimelineEntry): string | null {
  if (event.kind === 'state.changed') return event.to;
  const isStep = [...passing, 'traffic.shifting', 'traffic.held', 'suspicion', 'paused'].includes(event.kind);
  return isStep ? text : null;
}

function isMilestone({ event }: WireTimelineEntry): boolean {
  if (event.kind === 'job.finished') return event.status !== 'success';
  return event.kind !== 'state.changed' && !passing.includes(event.kind);
}

function mark({ event }: WireTimelineEntry): string {
  if (['suspicion', 'alert', 'paused'].includes(event.kind)) return '!';
  const bad = ['gate.failed', 'taken-back', 'job.finished', 'instance.crashed', 'rollback.decided'];
  return bad.includes(event.kind) ? '✗' : '✓';
}
