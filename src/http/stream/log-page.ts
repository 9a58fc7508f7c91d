import type { WireLogLine, WireLogPage } from '../../contract/schemas/log.ts';
import type { LogEntry } from '../../engine/ports/logs.ts';
import { wireLogLine } from '../wire/deployment.ts';

const maxPageBytes = 1_000_000;

/** At most `limit` lines and about 1 MB, so that a log of any length can be read without holding it. */
export async function readLogPage(
  source: AsyncIterable<LogEntry>,
  offset: number,
  limit: number,
): Promise<WireLogPage> {
  const lines: WireLogLine[] = [];
  let next = offset;
  for await (const entry of source) {
    if (lines.length >= limit || next - offset >= maxPageBytes) return { lines, next, more: true };
    lines.push(wireLogLine(entry));
    next = entry.next;
  }
  return { lines, next, more: false };
}
