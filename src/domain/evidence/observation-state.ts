import type { LatestUnits } from './clearing.ts';
import type { ClientList } from './client-list.ts';
import type { Comparison } from './comparison.ts';
import type { AlertKind, Decision, RollbackCause } from './decision.ts';
import type { OldVersion } from './fix-forward.ts';
import type { ObservationSettings } from './observation-settings.ts';
import type { RecentCounts } from './recent-counts.ts';
import type { Suspicion } from './suspicion.ts';
import type { Tallies, Tally } from './tally.ts';

/** What is known when the new version gets its first traffic. */
export interface ObservationStart {
  /** `direct`: all traffic at once. `canary`: in the settings' steps. `stepped`: shares come from outside, as replicas are replaced. */
  readonly mode: 'direct' | 'canary' | 'stepped';
  readonly old: OldVersion;
  /** Requests and failures of the old version: in its last 60 min, and in its last 5 min. */
  readonly baseline: Tally;
  readonly last5Minutes: Tally;
  /** At most 19 patterns, the busiest of the last hour. */
  readonly routes: readonly string[];
  /** Old p99 in ms over the last hour by pattern; for a route that is not here slowness is not judged. */
  readonly p99Ms: Readonly<Record<string, number>>;
}

export interface CanaryPhase {
  readonly name: 'canary';
  /** Index into the steps. */
  readonly step: number;
  readonly since: number;
  /** Units on the new version when the step began. */
  readonly unitsBefore: number;
  /** Since when only the evidence keeps it from the next step. */
  readonly readyAt: number | null;
}

export interface SteppedPhase {
  readonly name: 'stepped';
  /** Since when E has been above 20, or null. */
  readonly raisedAt: number | null;
}

export interface FullPhase {
  readonly name: 'full';
  readonly since: number;
  readonly recent: RecentCounts;
  readonly recentSlow: RecentCounts;
  /** No suspicion before. */
  readonly quietUntil: number;
}

export interface ChallengePhase {
  readonly name: 'challenge';
  /** 1 to 6; the threshold doubles with each. */
  readonly index: number;
  readonly about: 'errors' | 'speed';
  readonly suspicion: Suspicion;
  readonly since: number;
  readonly checkedAt: number;
  readonly checkedUnits: Tally;
  readonly latest: LatestUnits;
}

export interface HoldPhase {
  readonly name: 'hold';
  readonly until: number;
  readonly returnTo: CanaryPhase | SteppedPhase | ChallengePhase;
  readonly returnShare: number;
}

export interface RolledBackPhase {
  readonly name: 'rolled-back';
  readonly at: number;
  readonly cause: RollbackCause;
  readonly reason: string;
  /** Of the new version, when it was taken back. */
  readonly newRate: number;
  /** What the old version had been counted with by then. */
  readonly oldBefore: Tally;
}

export interface DonePhase {
  readonly name: 'done';
  readonly outcome: 'promoted' | 'rolled-back';
}

export type Phase = CanaryPhase | SteppedPhase | FullPhase | ChallengePhase | HoldPhase | RolledBackPhase | DonePhase;

/** Everything an observation remembers; plain JSON. Times in ms of the caller's monotonic clock. */
export interface ObservationState {
  readonly settings: ObservationSettings;
  readonly start: ObservationStart;
  readonly phase: Phase;
  /** What the new version is to get, in percent; what it gets, and since when. */
  readonly share: number;
  readonly inForce: { readonly share: number; readonly since: number };
  readonly comparison: Comparison;
  /** The same test for slow requests. */
  readonly speed: Comparison;
  /** Since when the new version is known to be slower, or null. */
  readonly slowSince: number | null;
  /** A person has let a slower version go on. */
  readonly slowAccepted: boolean;
  /** Requests of visitors, and probes, since the observation began. Dropped ones are not in it. */
  readonly requests: Tallies;
  readonly probes: Tallies;
  /** Clients that have failed once while the new version had all the traffic: they raise no suspicion any more. */
  readonly failedClients: ClientList;
  readonly firstTrafficAt: number | null;
  readonly switchedAt: number | null;
  /** How many challenges there were. */
  readonly challenges: number;
  readonly mayHold: boolean;
  /** Cycles of suspicion and a healthy challenge without a break, and when the last one ended. */
  readonly loadCycles: number;
  readonly clearedAt: number | null;
  /** Alerts that are given once. */
  readonly said: readonly AlertKind[];
}

export interface Advanced {
  readonly state: ObservationState;
  readonly decisions: readonly Decision[];
}
