import { countFrom } from './recent-counts.ts';
import { newComparison } from './comparison.ts';
import type { AlertKind, Decision, RollbackCause } from './decision.ts';
import type { Advanced, FullPhase, ObservationState, Phase } from './observation-state.ts';
import { rateOf } from './tally.ts';

/** Moves that more than one phase makes. */

export function stay(state: ObservationState): Advanced {
  return { state, decisions: [] };
}

/** Into a phase, with a share; the router is told only if that changes. */
export function moveTo(state: ObservationState, phase: Phase, share: number): Advanced {
  const decisions: Decision[] = share === state.share ? [] : [{ type: 'share', share }];
  return { state: { ...state, phase, share }, decisions };
}

/** An alert is given once per observation. */
export function withAlert({ state, decisions }: Advanced, kind: AlertKind, message: string): Advanced {
  if (state.said.includes(kind)) return { state, decisions };
  const alert: Decision = { type: 'alert', kind, message };
  return { state: { ...state, said: [...state.said, kind] }, decisions: [...decisions, alert] };
}

export function fullPhase(now: number, quietUntil: number): FullPhase {
  return { name: 'full', since: now, recent: countFrom(now), recentSlow: countFrom(now), quietUntil };
}

/** All traffic to the new version. The first time this is the switch, from which the observation counts. */
export function toFull(state: ObservationState, now: number, quietUntil = now): Advanced {
  return moveTo({ ...withNewTest(state), switchedAt: state.switchedAt ?? now }, fullPhase(now, quietUntil), 100);
}

/** What was seen so far does not count any more. */
export function withNewTest(state: ObservationState): ObservationState {
  return { ...state, comparison: newComparison, speed: newComparison };
}

/** `then` happened because of an error rate, a crash, …; without an old version that runs there is nothing to go back to. */
export function rollBack(
  state: ObservationState,
  now: number,
  why: { cause: RollbackCause; reason: string; probable?: boolean },
): Advanced {
  const target = state.start.old === 'running' ? 'old' : 'none';
  const { cause, reason, probable = false } = why;
  const phase: Phase =
    target === 'none'
      ? { name: 'done', outcome: 'rolled-back' }
      : { name: 'rolled-back', at: now, cause, reason, newRate: newRateOf(state), oldBefore: state.requests.old };
  const end: Decision[] = target === 'none' ? [{ type: 'done' }] : [];
  return {
    state: { ...state, phase, share: target === 'old' ? 0 : state.share },
    decisions: [{ type: 'roll-back', cause, reason, probable, target }, ...end],
  };
}

/** Of the new version: since the test began, or where there is none over the whole observation. */
function newRateOf({ comparison, requests }: ObservationState): number {
  const tested = comparison.all.evidence.tallies.new;
  return rateOf(tested.units > 0 ? tested : requests.new);
}

export function finish(state: ObservationState): Advanced {
  return {
    state: { ...state, phase: { name: 'done', outcome: 'promoted' }, share: 100 },
    decisions: [
      ...(state.share === 100 ? [] : [{ type: 'share', share: 100 } as const]),
      { type: 'promote' },
      { type: 'done' },
    ],
  };
}
