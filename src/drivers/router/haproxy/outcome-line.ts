import type { RequestEnding, RequestOutcome } from '../../../engine/ports/router.ts';
import { isFallback, nameOf, slotNumber } from './names.ts';

/** Where HAProxy keeps the lines until they are read: its own memory, so nothing is lost while nobody reads for some seconds. */
export const ringName = 'outcomes';
const mark = 'req';

/**
 * One line per request that is told; the path comes last and is what is left. The variables are set by the front end's rules.
 * `%ts`: HAProxy's own code for how and in which phase it ended. `%rc`: tries after the first, with `+` when on another server.
 */
export const logFormat = [
  mark,
  '%[date(0,ms)]',
  '%[var(txn.slot)]',
  '%s',
  '%ST',
  '%ts',
  '%rc',
  '%TR',
  '%Tw',
  '%Tc',
  '%Tr',
  '%Ta',
  '%[var(txn.weight)]',
  '%[var(txn.upgrade)]',
  '%[var(txn.client),xxh64,hex]',
  '%[var(txn.method)]',
  '%[var(txn.path)]',
].join(' ');

/** Longer than any line can be: a path is cut at 256 bytes by the rules, and a byte of it takes at most three here. */
export const longestLine = 1_500;

/** null for what is not the end of a request to a slot: messages of HAProxy's own, requests without a route. */
export function parseOutcome(line: string): RequestOutcome | null {
  const [first, at, slotText = '', live = '', statusText, code = '--', tries = '0', ...rest] = line.split(' ');
  const [toRequest, waited, connected, answered, active, weight, upgrade, client = '-', method = '-', ...path] = rest;
  const slot = slotNumber(slotText.split(':', 1)[0] ?? '');
  if (first !== mark || slot === null || path.length === 0) return null;
  const status = known(statusText);
  const ending = endingOf(code, status);
  const phases = [toRequest, waited, connected, answered].map(known);
  const headersMs = phases.includes(null) ? null : phases.reduce<number>((sum, phase) => sum + (phase ?? 0), 0);
  return {
    at: Number(at),
    slot,
    server: headersMs === null || live.startsWith('<') ? null : nameOf(live),
    status,
    ending,
    method,
    path: path.join(' ').slice(0, 256),
    client: client === '-' ? null : client,
    headersMs,
    durationMs: known(active) ?? 0,
    refused: isFallback(live) || Number(tries.replace('+', '')) > 0,
    upgrade: upgrade === '1',
    weight: known(weight) ?? 1,
  };
}

/** HAProxy writes -1 for what never came, and 0 for a status that nobody gave. */
function known(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isInteger(value) || value < 0 ? null : value;
}

/**
 * HAProxy's code has two letters. Who ended it: `C` the client, `c` its silence, `S` the server, `s` its silence, `-` nobody; all others
 * (`P` rules, `L` an answer of its own, `K` an administrator, `R` and `I` want of resources or a fault of its own) are the router. And
 * when: up to `H` before the answer's headers, then `D` and `L` during the answer.
 */
export function endingOf(code: string, status: number | null): RequestEnding {
  const [who = '-', when = '-'] = code;
  // Either side may end a WebSocket as it likes, also by silence, and we may at the end of a drain.
  if (status === 101) return who === 'C' || who === 'c' ? 'client-gone' : 'complete';
  if (who === '-') return status === null ? 'client-gone' : 'complete';
  if (who === 'C' || who === 'c') return 'client-gone';
  const during = when === 'D' || when === 'L';
  if (who === 'S' || who === 's') {
    if (during) return 'cut-by-server';
    return when === 'H' ? 'no-response' : 'refused';
  }
  // An answer that breaks the protocol: in its headers, or in the framing of its body. With 400 it was the body of the request.
  if (who === 'P' && when === 'H' && status !== null && status >= 500) return 'no-response';
  if (who === 'P' && when === 'D') return 'cut-by-server';
  return 'denied';
}
