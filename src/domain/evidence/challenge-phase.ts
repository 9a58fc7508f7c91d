import { isOver, isShared, latestUnits, suspectedRate } from './clearing.ts';
import { comparedUnits, crosses } from './comparison.ts';
import { describeErrors, judgeCrossing } from './crossing.ts';
import { logEvidence } from './evidence.ts';
import { baselineOf } from './full-phase.ts';
import type { Advanced, ChallengePhase, ObservationState } from './observation-state.ts';
import { predictiveTail } from './predictive-tail.ts';
import { slowBaseline } from './slow.ts';
import { finish, rollBack, stay, toFull, withAlert } from './steps.ts';
import { scaledBaseline } from './suspicion.ts';
import { percent, rateOf, type Tallies } from './tally.ts';

/** New and old side by side, until the evidence is enough, the suspicion is cleared, or the extended observation ends. */
export function judgeChallenge(state: ObservationState, phase: ChallengePhase, now: number): Advanced {
  const crossed = judgeCrossing(state, phase, now);
  if (crossed !== null) return crossed;
  const { observationMs, extensionMs, challenge } = state.settings;
  if (now >= (state.switchedAt ?? now) + observationMs + extensionMs) return decideAtTheEnd(state, now);
  if (now - phase.checkedAt < challenge.checkEveryMs) return stay(state);
  return checkCleared(state, phase, now);
}

function decideAtTheEnd(state: ObservationState, now: number): Advanced {
  const { challenge, delta } = state.settings;
  if (crosses(state.comparison, Math.log(challenge.probableEvidence), delta))
    return rollBack(state, now, { cause: 'error-rate', reason: describeErrors(state), probable: true });
  const alerted = withAlert(stay(state), 'undecided', `${describeErrors(state)}: too little to decide`);
  const finished = finish(alerted.state);
  return { state: finished.state, decisions: [...alerted.decisions, ...finished.decisions] };
}

function checkCleared(state: ObservationState, phase: ChallengePhase, now: number): Advanced {
  const comparison = phase.about === 'errors' ? state.comparison : state.speed;
  const tallies = comparedUnits(comparison);
  // E of all traffic: the mixture cannot fall below its unused slots.
  if (isShared(tallies, logEvidence(comparison.all.evidence))) return clearShared(state, tallies, now);
  const baseline = phase.about === 'errors' ? baselineOf(state) : slowBaseline;
  const suspected = suspectedRate(
    phase.suspicion,
    scaledBaseline(baseline, state.settings.suspicion),
    state.settings.delta,
  );
  const second = {
    units: tallies.new.units - phase.checkedUnits.units,
    bad: tallies.new.bad - phase.checkedUnits.bad,
  };
  const latest = latestUnits(phase.latest, second, suspected);
  if (isOver(latest, suspected)) return phase.about === 'errors' ? clearOver(state, tallies, now) : toFull(state, now);
  return stay({ ...state, phase: { ...phase, latest, checkedAt: now, checkedUnits: tallies.new } });
}

/** Nothing of this version; and some time before it is suspected again, as the incident goes on. */
function clearShared(state: ObservationState, { new: fresh, old }: Tallies, now: number): Advanced {
  const full = toFull({ ...state, loadCycles: 0, clearedAt: null }, now, now + state.settings.challenge.quietMs);
  return withAlert(
    full,
    'shared-incident',
    `both versions fail: new ${percent(rateOf(fresh))}, old ${percent(rateOf(old))}`,
  );
}

/**
 * The new version was healthy at its part of the traffic. If the old one was as well as ever, this may be a fault that appears under
 * load only: three such cycles without a break count as one. If the old one failed more than usual, it was an incident that has passed.
 */
function clearOver(state: ObservationState, { old }: Tallies, now: number): Advanced {
  const { load, suspicion } = state.settings;
  const ordinary = predictiveTail(old, scaledBaseline(state.start.baseline, suspicion)) >= load.ordinaryTail;
  const cycles = ordinary ? { loadCycles: state.loadCycles + 1, clearedAt: now } : { loadCycles: 0, clearedAt: null };
  return toFull({ ...state, ...cycles }, now);
}
