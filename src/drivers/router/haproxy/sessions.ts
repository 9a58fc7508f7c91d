import type { SlotNumber } from '../../../domain/route.ts';
import { nameOf, slotName } from './names.ts';
import type { Worker } from './workers.ts';

interface Session {
  readonly id: string;
  readonly ageSeconds: number;
}

/** Closes at most `count` streams of the slot (or of one server) in this worker, oldest first; resolves to how many it closed. */
export async function closeOldest(
  worker: Worker,
  of: { readonly slot: SlotNumber; readonly server: string | null },
  count: number,
  signal: AbortSignal,
): Promise<number> {
  const [text = ''] = await worker.query(['show sess'], signal);
  const sessions = parseSessions(text, of.slot, of.server).slice(0, count);
  let closed = 0;
  for (const session of sessions) {
    const [said] = await worker.query([`shutdown session ${session.id}`], signal);
    if (said === '') closed += 1;
  }
  return closed;
}

export function parseSessions(text: string, slot: SlotNumber, server: string | null): Session[] {
  const backend = slotName(slot);
  const sessions = text.split('\n').flatMap((line) => {
    const match = /^(0x[0-9a-f]+): .* be=(\S+) srv=(\S+) .* age=(\S+) /.exec(line);
    const [, id, be, srv, age] = match ?? [];
    if (id === undefined || be !== backend) return [];
    if (server !== null && nameOf(srv ?? '') !== server) return [];
    return [{ id, ageSeconds: seconds(age ?? '') }];
  });
  return sessions.toSorted((a, b) => b.ageSeconds - a.ageSeconds);
}

const unitSeconds: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** HAProxy writes `3s`, `2m5s`, `1h2m`, `4d1h`. */
export function seconds(age: string): number {
  let sum = 0;
  for (const [, amount, unit] of age.matchAll(/(\d+)([dhms])/g)) sum += Number(amount) * (unitSeconds[unit ?? ''] ?? 0);
  return sum;
}
