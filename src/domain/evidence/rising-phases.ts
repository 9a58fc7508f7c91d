import { comparedUnits } from './comparison.ts';
import { judgeCrossing } from './crossing.ts';
import type { Advanced, CanaryPhase, ObservationState, SteppedPhase } from './observation-state.ts';
import { moveTo, stay, toFull } from './steps.ts';

/** The evidence against the new version is raised: no larger share now (E > 20). */
export function isRaised({ comparison, settings }: ObservationState): boolean {
  return comparison.logEvidence > Math.log(settings.raised.evidence);
}

export function canaryPhase(state: ObservationState, step: number, now: number): CanaryPhase {
  return { name: 'canary', step, since: now, unitsBefore: comparedUnits(state.comparison).new.units, readyAt: null };
}

export function judgeCanary(state: ObservationState, phase: CanaryPhase, now: number): Advanced {
  const crossed = judgeCrossing(state, phase, now);
  if (crossed !== null) return crossed;
  if (!hasSeenEnough(state, phase, now)) return stay(state);
  const readyAt = phase.readyAt ?? now;
  if (isKept(state, now - readyAt)) return stay({ ...state, phase: { ...phase, readyAt } });
  const next = state.settings.steps[phase.step + 1];
  if (next === undefined) return toFull(state, now);
  return moveTo(state, canaryPhase(state, phase.step + 1, now), next.share);
}

function hasSeenEnough(state: ObservationState, phase: CanaryPhase, now: number): boolean {
  const step = state.settings.steps[phase.step];
  if (step === undefined) return true;
  const units = comparedUnits(state.comparison).new.units - phase.unitsBefore;
  const age = now - phase.since;
  return age >= step.maxMs || (units >= step.minUnits && age >= step.minMs);
}

function isKept(state: ObservationState, waitedMs: number): boolean {
  if (isRaised(state) && waitedMs < state.settings.raised.extraWaitMs) return true;
  return state.slowSince !== null && waitedMs < state.settings.slow.holdMs;
}

/** Several replicas: the share comes from outside, and with the last one the switch. */
export function judgeStepped(state: ObservationState, phase: SteppedPhase, now: number): Advanced {
  const crossed = judgeCrossing(state, phase, now);
  if (crossed !== null) return crossed;
  if (state.inForce.share >= 100) return toFull({ ...state, share: 100 }, now);
  const raisedAt = isRaised(state) ? (phase.raisedAt ?? now) : null;
  return stay({ ...state, share: state.inForce.share, phase: { ...phase, raisedAt } });
}
