/**
 * How an observation ended (rule 2.2). `superseded`: a newer deployment has switched. `rolled-back`: by evidence or by somebody.
 * `interrupted`: the version was paused, stopped or deleted.
 */
export const observationOutcomes = ['passed', 'superseded', 'rolled-back', 'interrupted'] as const;
export type ObservationOutcome = (typeof observationOutcomes)[number];

/** One side of the comparison: how much was seen of it, and how much of that was bad. */
export interface ArmView {
  readonly units: number;
  readonly bad: number;
}

/** What people see of an observation while it goes on, and what is kept of it. */
export interface ObservationView {
  /** Of the state machine in `evidence/`. */
  readonly phase: string;
  /** Percent of the traffic that goes to the new version. */
  readonly share: number;
  /** The e-value: 1 says nothing. */
  readonly evidence: number;
  /** The e-value that rolls back; null while no test is open. */
  readonly threshold: number | null;
  /** Whether a rollout may go on to its next share. */
  readonly mayGrow: boolean;
  readonly fresh: ArmView;
  readonly old: ArmView;
  /** What could not have been seen, in one sentence. */
  readonly limits: string;
}

/** The window after the switch in which a deployment is compared with the one before (an attribute, not a state). */
export interface Observation {
  /** Number of the deployment on standby; null where there is none. */
  readonly standby: number | null;
  /** ISO 8601. */
  readonly openedAt: string;
  /** null until all of the traffic was given to the new version. */
  readonly endsAt: string | null;
  readonly closedAt: string | null;
  readonly outcome: ObservationOutcome | null;
  readonly view: ObservationView | null;
}
