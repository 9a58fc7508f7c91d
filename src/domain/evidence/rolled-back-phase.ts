import type { Advanced, ObservationState, RolledBackPhase } from './observation-state.ts';
import { stay, withAlert } from './steps.ts';
import { percent, rateOf } from './tally.ts';
import { verificationMs, verifyRollback } from './verify-rollback.ts';

/** The old version has the traffic again and is watched for a minute. */
export function judgeRolledBack(state: ObservationState, phase: RolledBackPhase, now: number): Advanced {
  if (now - phase.at < verificationMs) return stay(state);
  const { old } = state.requests;
  const afterwards = { units: old.units - phase.oldBefore.units, bad: old.bad - phase.oldBefore.bad };
  const done: Advanced = {
    state: { ...state, phase: { name: 'done', outcome: 'rolled-back' } },
    decisions: [{ type: 'done' }],
  };
  if (verifyRollback(phase.newRate, afterwards) === 'confirmed') return done;
  const rates = `${percent(rateOf(afterwards))} against ${percent(phase.newRate)}`;
  const message = `incident, not this version: the old one fails as well (${rates}); deploy the same commit again when that is over`;
  const alerted = withAlert(stay(done.state), 'incident-not-this-version', message);
  return { state: alerted.state, decisions: [...alerted.decisions, ...done.decisions] };
}
