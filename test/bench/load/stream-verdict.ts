import type { Failure } from './outcome.ts';

/** Traffic went to another version. */
export interface Switch {
  /** Number of the deployment that gets the traffic from now on. */
  readonly version: number;
  /** Epoch ms at which the first of it did. */
  readonly at: number;
}

export interface ClosedStream {
  readonly version: number;
  /** Epoch ms. */
  readonly at: number;
}

export interface DrainTerms {
  readonly drainTimeoutMs: number;
  readonly toleranceMs: number;
}

/** A stream may be closed once the version it was on has been replaced for the whole drain timeout (rule 5.4). null: all is well. */
export function judgeClose(stream: ClosedStream, switches: readonly Switch[], terms: DrainTerms): Failure | null {
  const retired = switches.filter((one) => one.version > stream.version).map((one) => one.at);
  if (retired.length === 0) {
    return { kind: 'stream-closed-early', detail: `closed while version ${stream.version} was serving` };
  }
  const livedMs = stream.at - Math.min(...retired);
  if (livedMs >= terms.drainTimeoutMs - terms.toleranceMs) return null;
  return {
    kind: 'stream-closed-early',
    detail: `version ${stream.version} was replaced ${Math.round(livedMs)} ms before, the drain timeout is ${terms.drainTimeoutMs} ms`,
  };
}
