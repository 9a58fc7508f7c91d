import type { SlotNumber } from '../../../domain/route.ts';
import { unavailable } from './cli-socket.ts';
import { nameOf, slotName } from './names.ts';
import type { Worker } from './workers.ts';

export interface Sums {
  readonly requests: number;
  readonly failed: number;
}

export type StatRow = ReadonlyMap<string, string>;

/** Rows of `show stat`: the slot's servers, then `BACKEND` for the slot itself. */
export async function readStat(worker: Worker, slot: SlotNumber, signal: AbortSignal): Promise<StatRow[]> {
  const [text = ''] = await worker.query([`show stat ${slotName(slot)} 6 -1`], signal);
  return parseStat(text);
}

/** None where the slot was added after the worker's time. */
export function parseStat(text: string): StatRow[] {
  if (text.startsWith('No such proxy')) return [];
  const [head = '', ...lines] = text.trim().split('\n');
  if (!head.startsWith('# ')) throw unavailable(`HAProxy's "show stat" says "${text.slice(0, 200)}"`);
  const names = head.slice(2).split(',');
  return lines.map((line) => new Map(line.split(',').map((value, index) => [names[index] ?? '', value])));
}

/**
 * `req_tot` counts requests that have ended, whatever their end. HAProxy's own 502, 503 and 504 are among the 5xx, so failed connections
 * and bad answers are not added again; `srv_abrt` is what was cut off after its status had been passed on,
 * and, when the server reset the connection, what was lost without a word: of these the larger number is taken.
 */
export function slotSums(rows: readonly StatRow[]): Sums {
  const backend = slotRow(rows);
  return {
    requests: number(backend, 'req_tot'),
    failed: number(backend, 'hrsp_5xx') + Math.max(number(backend, 'srv_abrt'), lostRequests(rows)),
  };
}

/** Requests that were given to the slot, are no longer open, and are not among those that ended. See `LostRequests`. */
export function lostRequests(rows: readonly StatRow[]): number {
  const backend = slotRow(rows);
  return Math.max(0, number(backend, 'stot') - number(backend, 'req_tot') - number(backend, 'scur'));
}

function slotRow(rows: readonly StatRow[]): StatRow | undefined {
  return rows.find((row) => row.get('svname') === 'BACKEND');
}

/** Streams that are open: of the slot, with those that have no server yet, or of one server under all its live names. */
export function openStreams(rows: readonly StatRow[], server: string | null): number {
  const matching = rows.filter((row) => {
    const name = row.get('svname') ?? '';
    return server === null ? name === 'BACKEND' : name !== 'BACKEND' && nameOf(name) === server;
  });
  return matching.reduce((sum, row) => sum + number(row, 'scur'), 0);
}

/** Visitors' connections, with or without a request, from the front end's row. */
export function frontEndConnections(rows: readonly StatRow[]): number {
  return number(
    rows.find((row) => row.get('svname') === 'FRONTEND'),
    'scur',
  );
}

/** Connections to servers that carry a stream, from `show servers conn`; it ends a moment later than the stream. As with `parseStat`. */
export function usedConnections(text: string, server: string | null): number {
  if (text.startsWith("Can't find backend")) return 0;
  const [head = '', ...lines] = text.split('\n');
  const used = head.replace('# ', '').split(' ').indexOf('used_cur');
  if (used < 0) throw unavailable(`HAProxy's "show servers conn" says "${text.slice(0, 200)}"`);
  let sum = 0;
  for (const line of lines) {
    const columns = line.split(' ');
    const name = (columns[0] ?? '').split('/')[1] ?? '';
    if (name !== '' && (server === null || nameOf(name) === server)) sum += Number(columns[used]);
  }
  return sum;
}

function number(row: StatRow | undefined, column: string): number {
  return Number(row?.get(column) ?? 0);
}
