import { comparedUnits } from './comparison.ts';
import { logThreshold } from './crossing.ts';
import { baselineOf } from './full-phase.ts';
import { describeNoticeable } from './noticeable-rate.ts';
import type { ObservationState } from './observation-state.ts';
import type { Tallies } from './tally.ts';

/** What people are shown of an observation. */
export interface ObservationView {
  /** canary-1, canary-2, …, stepped, full, challenge-1 … challenge-6, hold, rolled-back, done. */
  readonly phase: string;
  /** Percent of the traffic that the new version is to get. */
  readonly share: number;
  /** E_total of the test that is open, 1 without one; and the E that rolls back, null where no test is open. */
  readonly evidence: number;
  readonly threshold: number | null;
  /** Units side by side in that test. */
  readonly compared: Tallies;
  /** Requests of visitors to the new and the old version since the observation began, and how many of them failed. */
  readonly requests: Tallies;
  /** What could not have been seen, in one sentence. */
  readonly limits: string;
}

/** Larger evidence would not be a finite number in JSON. */
const largestLog = 700;

export function viewOf(state: ObservationState): ObservationView {
  const { share, comparison, requests } = state;
  return {
    phase: phaseName(state),
    share,
    evidence: Math.exp(Math.min(largestLog, comparison.logEvidence)),
    threshold: thresholdOf(state),
    compared: comparedUnits(comparison),
    requests,
    limits: describeNoticeable(requests.new.units, baselineOf(state), state.settings),
  };
}

function phaseName({ phase }: ObservationState): string {
  if (phase.name === 'canary') return `canary-${phase.step + 1}`;
  return phase.name === 'challenge' ? `challenge-${phase.index}` : phase.name;
}

function thresholdOf(state: ObservationState): number | null {
  const phase = state.phase.name === 'hold' ? state.phase.returnTo : state.phase;
  const mixed = phase.name === 'canary' || phase.name === 'stepped' || phase.name === 'challenge';
  return mixed ? Math.round(Math.exp(logThreshold(state, phase))) : null;
}
