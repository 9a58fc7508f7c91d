import type { SlotNumber } from '../../../domain/route.ts';
import { serverTimeoutSeconds } from './config.ts';
import { isFallback, slotName } from './names.ts';
import { seconds } from './sessions.ts';
import { openStreams, parseStat } from './stats.ts';
import type { Worker } from './workers.ts';

/** HAProxy's CF_EOI: the request has arrived in full. And AN_RES_WAIT_HTTP: the answer's headers are awaited. */
const arrived = 0x0800_0000;
const awaitsHeaders = 0x0040_0000;

/** How many requests of the slot in this worker have waited so long. Where none is in flight the streams are not listed. */
export async function countStalled(
  worker: Worker,
  slot: SlotNumber,
  olderThanMs: number,
  signal: AbortSignal,
): Promise<number> {
  const [stat = ''] = await worker.query([`show stat ${slotName(slot)} 2 -1`], signal);
  if (openStreams(parseStat(stat), null) === 0) return 0;
  const [text = ''] = await worker.query(['show sess'], signal);
  return stalledIn(text, slot, olderThanMs);
}

/**
 * Reads `show sess`. A stream is stalled when the request is there in full, a server is connected, and that owes the headers. For how long is told by what is left of the server's timeout, in whole seconds: so one is
 * never counted too early, and up to a second late. A stream's age would count the time that it was held, or uploaded.
 */
export function stalledIn(text: string, slot: SlotNumber, olderThanMs: number): number {
  const backend = slotName(slot);
  return text.split('\n').filter((line) => {
    const [, be, server = ''] = / be=(\S+) srv=(\S+) /.exec(line) ?? [];
    if (be !== backend || server === '<none>' || isFallback(server)) return false;
    const [, flags = '0'] = / rq\[f=([0-9a-f]+)h/.exec(line) ?? [];
    const [, analysers = '0', left = ''] = / rp\[[^\]]*?an=([0-9a-f]+)h,rx=([^,\]]*)/.exec(line) ?? [];
    const waits = (hex(flags) & arrived) !== 0 && (hex(analysers) & awaitsHeaders) !== 0 && left !== '';
    return waits && (serverTimeoutSeconds - 1 - seconds(left)) * 1000 >= olderThanMs;
  }).length;
}

function hex(text: string): number {
  return Number.parseInt(text, 16);
}
