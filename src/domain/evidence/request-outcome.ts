import type { Stratum } from './bucket.ts';
import type { Version } from './tally.ts';

/** How a request ended, as the router saw it. `client-gone`: the visitor left before the answer was complete. */
export type Termination = 'complete' | 'cut-by-server' | 'client-gone' | 'refused' | 'no-response' | 'stalled';

/** One request's final outcome: known at its headers, at the stall timer, or when it was cut. */
export interface RequestOutcome {
  /** The version it was first given to, also if the router then hid its failure by asking the other one. */
  readonly version: Version;
  /** null: no headers came. */
  readonly status: number | null;
  readonly termination: Termination;
  /** Hash of the version cookie; null: the call had none. */
  readonly client: string | null;
  /** Path or pattern. */
  readonly route: string;
  /** From its start to `at`. */
  readonly durationMs: number;
  /** A WebSocket or another upgrade: its duration is its life, so it says nothing about speed. */
  readonly upgrade: boolean;
  /** When it became final, in ms of the same monotonic clock as the observation's. */
  readonly at: number;
}

export type OutcomeClass = 'good' | 'bad' | 'dropped';

/**
 * Bad: any 5xx (also the answer to an upgrade), refused, no answer, cut off by the app, no headers within the stall time. 1xx to 4xx are
 * good. Where the client went away nothing is known about the app: dropped, also with the 5xx a proxy writes down for it.
 */
export function classify({ termination, status }: Pick<RequestOutcome, 'termination' | 'status'>): OutcomeClass {
  switch (termination) {
    case 'client-gone':
      return 'dropped';
    case 'refused':
    case 'no-response':
    case 'cut-by-server':
    case 'stalled':
      return 'bad';
    case 'complete':
      if (status === null) return 'dropped';
      return status >= 500 ? 'bad' : 'good';
  }
}

/** A call with the platform's version cookie belongs to its client; one without is a unit by itself. */
export function stratumOf({ client }: Pick<RequestOutcome, 'client'>): Stratum {
  return client === null ? 'request' : 'client';
}

const shortestStallMs = 5_000;
const longestStallMs = 30_000;

/**
 * After this time without headers a request counts as bad: 10 times the route's p99 on the old version, at least 5 s, at most 30 s. It is
 * counted at that moment: a version that hangs would yield no outcomes at all otherwise. `null`: the old version had no such route, so
 * how long it may take is not known: 30 s.
 */
export function stallTimeMs(oldP99Ms: number | null): number {
  return Math.min(longestStallMs, Math.max(shortestStallMs, 10 * (oldP99Ms ?? longestStallMs)));
}
