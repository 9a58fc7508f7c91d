import { crosses } from './comparison.ts';
import type {
  Advanced,
  ChallengePhase,
  HoldPhase,
  ObservationState,
  SteppedPhase,
  CanaryPhase,
} from './observation-state.ts';
import { loudestRoute } from './route-mixture.ts';
import { isProvenSlow } from './slow.ts';
import { moveTo, rollBack, stay, withAlert, withNewTest } from './steps.ts';
import { percent, rateOf } from './tally.ts';

type MixedPhase = CanaryPhase | SteppedPhase | ChallengePhase;

/** E at which a phase rolls back, as a logarithm: 1/alpha, and 2^i/alpha in the i-th challenge, so that all together spend at most 0.003. */
export function logThreshold(state: ObservationState, phase: MixedPhase): number {
  const doublings = phase.name === 'challenge' ? phase.index : 0;
  return doublings * Math.LN2 - Math.log(state.settings.alpha);
}

/** Null while there is not enough evidence. Else a rollback, or once per deployment a hold. */
export function judgeCrossing(state: ObservationState, phase: MixedPhase, now: number): Advanced | null {
  const threshold = logThreshold(state, phase);
  if (crosses(state.comparison, threshold, state.settings.delta)) {
    const until = coldUntil(state, now);
    if (until === null) return rollBack(state, now, { cause: 'error-rate', reason: describeErrors(state) });
    return toHold(state, phase, until);
  }
  if (state.slowSince === null && isProvenSlow(state, threshold)) return provenSlow(state, now);
  return null;
}

/** Until when failures may be those of a cold start; null where they cannot be, or the one hold was used. */
function coldUntil(state: ObservationState, now: number): number | null {
  const { hold } = state.settings;
  const until = (state.firstTrafficAt ?? now) + hold.withinMs;
  return state.mayHold && !isCertain(state) && now < until ? until : null;
}

/** It fails nearly always: in the test, or for its visitors. In the test there are probes too, which a broken version may well pass. */
function isCertain({ settings, comparison, requests }: ObservationState): boolean {
  const rates = [comparison.all.evidence.tallies.new, requests.new].map(rateOf);
  return Math.max(...rates) >= settings.hold.certainRate;
}

function toHold(state: ObservationState, returnTo: MixedPhase, until: number): Advanced {
  const phase: HoldPhase = { name: 'hold', until, returnTo, returnShare: state.share };
  const moved = moveTo({ ...state, mayHold: false }, phase, state.settings.hold.share);
  return withAlert(moved, 'hold', `${describeErrors(state)}: this may be a cold start`);
}

/** At the end of the hold the test begins again; a version that fails nearly always is rolled back before. */
export function judgeHold(state: ObservationState, phase: HoldPhase, now: number): Advanced {
  const { settings, comparison } = state;
  if (isCertain(state) && crosses(comparison, logThreshold(state, phase.returnTo), settings.delta))
    return rollBack(state, now, { cause: 'error-rate', reason: describeErrors(state) });
  if (now < phase.until) return stay(state);
  return moveTo(withNewTest(state), begunAnew(phase.returnTo, now), phase.returnShare);
}

function begunAnew(phase: MixedPhase, now: number): MixedPhase {
  switch (phase.name) {
    case 'canary':
      return { ...phase, since: now, unitsBefore: 0, readyAt: null };
    case 'stepped':
      return { ...phase, raisedAt: null };
    case 'challenge':
      return { ...phase, since: now, checkedAt: now, checkedUnits: { units: 0, bad: 0 }, latest: [] };
  }
}

function provenSlow(state: ObservationState, now: number): Advanced {
  const { new: fresh, old } = state.speed.all.evidence.tallies;
  const reason = `slow requests ${percent(rateOf(fresh))} against ${percent(rateOf(old))}`;
  if (state.settings.slow.action === 'roll-back') return rollBack(state, now, { cause: 'slow', reason });
  return withAlert(stay({ ...state, slowSince: now }), 'slow', reason);
}

/** "error rate 12.4 % against 0.3 %", with the route where it is one alone. */
export function describeErrors({ comparison, start }: ObservationState): string {
  const slot = loudestRoute(comparison.all, comparison.routes);
  const part = slot === null ? comparison.all : (comparison.routes[slot] ?? comparison.all);
  const where = slot === null ? '' : ` on ${start.routes[slot] ?? 'less used routes'}`;
  const { new: fresh, old } = part.evidence.tallies;
  return `error rate${where} ${percent(rateOf(fresh))} against ${percent(rateOf(old))}`;
}
