import type { RequestEnding, RequestOutcome } from '../../../../src/engine/ports/router.ts';
import type { SlotNumber } from '../../../../src/domain/route.ts';

const longestPath = 256;
/** As many requests of a host that is not observed are told of by one. */
export const sampleOf = 16;

/** How a request ended, as the router notes it. */
export interface Ended {
  readonly at: number;
  readonly slot: SlotNumber;
  readonly server: string | null;
  readonly status: number | null;
  readonly ending: RequestEnding;
  readonly headersMs: number | null;
  readonly durationMs: number;
  readonly refused: boolean;
  readonly weight: number;
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly upgrade: boolean;
  readonly cookie: string | null;
}

export function outcomeOf(ended: Ended, { method, path, upgrade, cookie }: Asked): RequestOutcome {
  const { at, slot, server, status, ending, headersMs, durationMs, refused, weight } = ended;
  return {
    at,
    slot,
    server: headersMs === null ? null : server,
    status,
    ending,
    method,
    path: (path.split('?', 1)[0] ?? '').slice(0, longestPath),
    client: cookie === null ? null : hashOf(cookie),
    headersMs,
    durationMs,
    refused,
    upgrade,
    weight,
  };
}

/** FNV-1a, 32 bits: opaque enough for a world in which nobody guesses. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16);
}
