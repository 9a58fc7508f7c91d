import type { Measurements } from '../../domain/measurements.ts';
import type { ObservationOutcome, ObservationView } from '../../domain/observation.ts';
import type { RouteTarget } from '../../domain/route.ts';
import type { TimelineEntry } from '../../domain/timeline.ts';
import type { DeploymentRecord } from './deployment-store.ts';

/**
 * Observations that are open, and what may be changed for their sake. They are not led by the worker of a deployment: an observation
 * goes on after its deployment is completed. Error of all: `database_unavailable`.
 */
export interface ObservationStore {
  /**
   * Takes or keeps, for `leaseMs`, the right to act on every open observation that no other living process has, and resolves to all
   * of those as they are now. Called again and again: it is the heartbeat too.
   */
  claim(owner: number, leaseMs: number): Promise<readonly OpenObservation[]>;
  /**
   * Changes where traffic goes, with its timeline. Resolves to false, and changes nothing, when the observation is closed, held by
   * another process, a newer deployment has written the route, or the route is to give a share again to a version that has lost its own.
   */
  moveTraffic(move: TrafficMove): Promise<boolean>;
  /** Keeps what is seen, while the observation is open, and what happened, always. */
  note(deploymentId: string, note: ObservationNote): Promise<void>;
  /**
   * Adds to what is measured of a deployment, for as long as its observation is open, or where there never was one; by the clock, and
   * nobody is woken for it.
   */
  measured(deploymentId: string, measurements: Partial<Measurements>): Promise<void>;
  /** Once: resolves to false when it was closed already. From then on the standby is the reconciler's to stop. */
  close(deploymentId: string, end: ObservationEnd): Promise<boolean>;
}

export interface OpenObservation {
  /** The version that is observed. */
  readonly fresh: DeploymentRecord;
  /** The version that served before, still warm; null where there is none. */
  readonly standby: DeploymentRecord | null;
  readonly route: RouteTarget | null;
  readonly hosts: readonly string[];
  /** ISO 8601. */
  readonly openedAt: string;
  /** When it was given all of the traffic; null before. */
  readonly switchedAt: string | null;
  readonly endsAt: string | null;
  /** Milliseconds from now until it ends, by the database's clock; null before the switch. */
  readonly leftMs: number | null;
  readonly view: ObservationView | null;
}

export interface TrafficMove {
  readonly deploymentId: string;
  readonly owner: number;
  readonly target: RouteTarget;
  readonly timeline: readonly TimelineEntry[];
}

export interface ObservationNote {
  readonly view?: ObservationView;
  readonly measurements?: Partial<Measurements>;
  readonly timeline?: readonly TimelineEntry[];
  /** The observation ends later than was planned: while a suspicion is being looked into. */
  readonly extendMs?: number;
}

export interface ObservationEnd {
  readonly outcome: ObservationOutcome;
  /** For people. */
  readonly message: string;
  readonly measurements?: Partial<Measurements>;
}
