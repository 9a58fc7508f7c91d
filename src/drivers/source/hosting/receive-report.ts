import { saysDiskFull } from './full-disk.ts';
import { MalformedPackets, PacketReader } from './packet-lines.ts';
import { band, type PushAnswer } from './push-answer.ts';

/** How `receive-pack` says it came out. */
export interface ReceiveReport {
  /** `ok`, or what went wrong with all of it. */
  readonly unpacked: string;
  /** By ref, why it was not taken. */
  readonly refusals: ReadonlyMap<string, string>;
  /** It said that the disk is full. */
  readonly diskFull: boolean;
}

/** Reads the answer of `receive-pack`; what it shows goes to the pusher at once, its report does not. Error: `MalformedPackets`. */
export async function readReceiveReport(output: AsyncIterable<Uint8Array>, answer: PushAnswer): Promise<ReceiveReport> {
  const packets = new PacketReader(output);
  const report: Buffer[] = [];
  let diskFull = false;
  for (;;) {
    const next = await packets.next();
    if (next === 'flush' || next === 'end') break;
    if (next[0] === band.report) report.push(next.subarray(1));
    // Of its keep-alives there is no need.
    else if (next.length > 1) {
      answer.pass(band.shown, next.subarray(1));
      diskFull ||= saysDiskFull.test(next.toString('utf8'));
    }
  }
  return { ...(await parseReport(report)), diskFull };
}

async function parseReport(chunks: readonly Buffer[]): Promise<Omit<ReceiveReport, 'diskFull'>> {
  const packets = new PacketReader(toStream(chunks));
  const first = await packets.next();
  const unpacked = typeof first === 'string' ? null : /^unpack (.*)$/.exec(textOf(first))?.[1];
  if (unpacked === null || unpacked === undefined) throw new MalformedPackets('receive-pack ended without a report');
  const refusals = new Map<string, string>();
  for (;;) {
    const next = await packets.next();
    if (next === 'flush' || next === 'end') return { unpacked, refusals };
    const [, ref, reason] = /^ng (\S+) (.*)$/.exec(textOf(next)) ?? [];
    if (ref !== undefined && reason !== undefined) refusals.set(ref, reason);
  }
}

async function* toStream(chunks: readonly Buffer[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function textOf(content: Buffer): string {
  return content.toString('utf8').trimEnd();
}
