import type { Stratum } from './bucket.ts';
import type { RequestOutcome } from './request-outcome.ts';
import type { Tally, Version } from './tally.ts';

/** Units that the caller has counted: for busy routers, probes and simulations. */
export interface OutcomeCounts {
  readonly version: Version;
  /** For `client` the caller answers for it that a client is one unit per bucket, and none after its first bad outcome. */
  readonly stratum: Stratum;
  /** Pattern. */
  readonly route: string;
  readonly units: number;
  readonly bad: number;
  /**
   * When they began at the latest (ms, same clock); without it they began under the share in force. Those that began before it raise
   * suspicion but are no evidence. Requests that hang must be told of both versions alike, with this.
   */
  readonly begunAt?: number;
  /** How many were timed, and how many of them took longer than the old version's p99. */
  readonly speed?: Tally;
}

/** What happened since the last time. An empty one lets time pass: rules with a duration need one at least every second. */
export interface ObservationInput {
  /** Monotonic, ms, not before the last one. */
  readonly now: number;
  /** What the router gives the new version (percent), and since when. */
  readonly inForce: { readonly share: number; readonly since: number };
  /** In the order in which they became final. */
  readonly outcomes?: readonly RequestOutcome[];
  readonly counts?: readonly OutcomeCounts[];
  /** A cause that needs no evidence: see `crash-loop` and `health-cause`. */
  readonly trigger?: { readonly cause: 'crash-loop' | 'health'; readonly reason: string };
  /** A person lets a canary go on that is held for being slow. */
  readonly proceed?: boolean;
}
