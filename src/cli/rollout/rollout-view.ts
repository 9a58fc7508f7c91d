import type { WireRolloutStatus } from '../../contract/schemas/rollout.ts';
import { plainText } from '../output/quantities.ts';
import type { Output } from '../terminal.ts';
import { describeRollout, rolloutLine } from './describe-rollout.ts';

/** Shows a rollout while it happens. Disposing it leaves the terminal as it was, with the last picture on it. */
export interface RolloutView extends Disposable {
  show(status: WireRolloutStatus): void;
}

/** One object per line with `json`, redrawn in place on a terminal, in a pipe a line whenever something changed. */
export function createRolloutView(output: Output, json: boolean): RolloutView {
  if (json) return new Lines(output, (status) => JSON.stringify(status));
  return output.isTTY ? new Picture(output) : new Lines(output, describeChange);
}

function describeChange(status: WireRolloutStatus): string {
  return plainText(rolloutLine(status));
}

class Lines implements RolloutView {
  readonly #output: Output;
  readonly #describe: (status: WireRolloutStatus) => string;
  #last = '';

  constructor(output: Output, describe: (status: WireRolloutStatus) => string) {
    this.#output = output;
    this.#describe = describe;
  }

  show(status: WireRolloutStatus): void {
    const line = this.#describe(status);
    if (line !== this.#last) this.#output.write(`${line}\n`);
    this.#last = line;
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}

const narrowest = 20;
const indent = '    ';

/** A line that the terminal wraps by itself would be two to go up. */
function wrap(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const space = line.lastIndexOf(' ', width);
  const at = space > width / 2 ? space : width;
  return [line.slice(0, at), ...wrap(`${indent}${line.slice(at).trimStart()}`, width)];
}

const tickMs = 1_000;
const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const eraseBelow = '\r\u001B[0J';

/** Redrawn with every status, and every second for the time that is left. */
class Picture implements RolloutView {
  readonly #output: Output;
  readonly #timer: NodeJS.Timeout;
  #status: WireRolloutStatus | null = null;
  /** Lines that were drawn, and are to be drawn over. */
  #height = 0;

  constructor(output: Output) {
    this.#output = output;
    this.#output.write(hideCursor);
    this.#timer = setInterval(() => this.#draw(), tickMs).unref();
  }

  show(status: WireRolloutStatus): void {
    this.#status = status;
    this.#draw();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#output.write(showCursor);
  }

  #draw(): void {
    if (this.#status === null) return;
    const width = Math.max(narrowest, this.#output.columns - 1);
    const lines = describeRollout(this.#status, Date.now())
      .split('\n')
      .flatMap((line) => wrap(plainText(line), width));
    const up = this.#height === 0 ? '' : `\u001B[${this.#height}A`;
    this.#output.write(`${up}${eraseBelow}${lines.join('\n')}\n`);
    this.#height = lines.length;
  }
}
