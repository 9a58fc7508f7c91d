import type { RefChange, RefRefusal } from '../../../engine/ports/git-repositories.ts';
import { flushPacket, packet } from './packet-lines.ts';

/** Bands of an answer: what the pusher's Git reads, what it shows, and an error that ends it. */
export const band = { report: 1, shown: 2, fatal: 3 } as const;

const largestContent = 65_000;
const keepAliveMs = 5_000;
const mostWaiting = 1024 * 1024;

/** The answer to a push: lines that are shown at once, and at the end the report. */
export class PushAnswer implements Disposable {
  readonly #send: (chunk: Uint8Array) => Promise<void>;
  readonly #banded: boolean;
  readonly #timer: NodeJS.Timeout;
  #tail: Promise<void> = Promise.resolve();
  #said = true;
  /** Bytes that have not been sent. */
  #waiting = 0;
  #missed = 0;

  constructor(send: (chunk: Uint8Array) => Promise<void>, capabilities: readonly string[]) {
    this.#send = send;
    this.#banded = capabilities.includes('side-band-64k');
    this.#timer = setInterval(() => this.#keepAlive(), keepAliveMs);
  }

  /** As it came from Git. */
  pass(number: number, content: Uint8Array): void {
    if (this.#banded) this.#put(packet(Buffer.concat([Buffer.from([number]), content])));
  }

  /** One line, without what would move the cursor. Who reads more slowly than there is to tell is told how many lines he misses. */
  tell = (line: string): void => {
    if (this.#waiting > mostWaiting) {
      this.#missed += 1;
      return;
    }
    if (this.#missed > 0) this.#say(`(${this.#missed} lines are left out)`);
    this.#missed = 0;
    this.#say(line);
  };

  #say(line: string): void {
    const plain = line.replaceAll(/\p{Cc}+/gu, ' ').trimEnd();
    this.pass(band.shown, Buffer.from(`${plain}\n`).subarray(0, largestContent));
  }

  /** `refusals`: one for each change. */
  report(unpacked: string, changes: readonly RefChange[], refusals: readonly RefRefusal[]): void {
    const lines = changes.map(({ ref }, index) => {
      const refusal = refusals[index] ?? null;
      return packet(refusal === null ? `ok ${ref}\n` : `ng ${ref} ${oneLine(refusal)}\n`);
    });
    const report = Buffer.concat([packet(`unpack ${oneLine(unpacked)}\n`), ...lines, flushPacket]);
    if (!this.#banded) return this.#put(report);
    for (let at = 0; at < report.length; at += largestContent)
      this.pass(band.report, report.subarray(at, at + largestContent));
    this.#put(flushPacket);
  }

  fail(message: string): void {
    if (this.#banded) this.pass(band.fatal, Buffer.from(`${oneLine(message)}\n`));
  }

  /** Everything has been sent, or nobody listens. */
  async sent(): Promise<void> {
    await this.#tail;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Whoever is between the pusher and us would take a long silence for the end. */
  #keepAlive(): void {
    if (!this.#said) this.pass(band.shown, new Uint8Array());
    this.#said = false;
  }

  #put(chunk: Uint8Array): void {
    this.#said = true;
    this.#waiting += chunk.length;
    this.#tail = this.#tail.then(() => this.#send(chunk)).then(() => void (this.#waiting -= chunk.length));
  }
}

function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, 900)
    .trim();
}
