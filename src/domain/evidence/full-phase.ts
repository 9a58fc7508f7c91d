import type { Advanced, ChallengePhase, FullPhase, ObservationState } from './observation-state.ts';
import type { RecentCounts } from './recent-counts.ts';
import { slowBaseline } from './slow.ts';
import { finish, moveTo, rollBack, stay, withAlert, withNewTest } from './steps.ts';
import { suspect, type Suspicion } from './suspicion.ts';
import { percent, plus, rateOf, type Tally } from './tally.ts';

/** The old version's last hour, with what it did since then. */
export function baselineOf({ start, requests, probes }: ObservationState): Tally {
  const { old } = requests;
  return plus(plus(start.baseline, old.units, old.bad), probes.old.units, probes.old.bad);
}

/** The new version has all the traffic: suspicion opens a challenge, the end of the observation closes it. */
export function judgeFull(state: ObservationState, phase: FullPhase, previous: FullPhase, now: number): Advanced {
  if (now >= (state.switchedAt ?? now) + state.settings.observationMs) return finish(state);
  const errors = suspicionOf(state, previous.recent, phase.recent, baselineOf(state), now);
  if (errors !== null) return onSuspicion(state, 'errors', errors, now);
  const slow =
    state.settings.slow.action === 'off'
      ? null
      : suspicionOf(state, previous.recentSlow, phase.recentSlow, slowBaseline, now);
  return slow === null ? stay(state) : onSuspicion(state, 'speed', slow, now);
}

/** Looked at whenever a bad outcome arrives. */
function suspicionOf(
  state: ObservationState,
  previous: RecentCounts,
  recent: RecentCounts,
  baseline: Tally,
  now: number,
): Suspicion | null {
  const quiet = state.phase.name === 'full' && now < state.phase.quietUntil;
  if (quiet || recent.total.bad === previous.total.bad) return null;
  return suspect(recent, baseline, state.settings.suspicion, now);
}

function onSuspicion(
  state: ObservationState,
  about: ChallengePhase['about'],
  suspicion: Suspicion,
  now: number,
): Advanced {
  const { settings, start, challenges } = state;
  if (about === 'speed' && settings.slow.action !== 'roll-back')
    return withAlert(stay(state), 'slow', `${describe(about, suspicion)}, where 1 % is usual`);
  if (start.old !== 'running') return withAlert(stay(state), 'unproven', describe(about, suspicion));
  const returned = state.clearedAt !== null && now - state.clearedAt <= settings.load.returnMs;
  const loadCycles = returned ? state.loadCycles : 0;
  if (about === 'errors' && loadCycles >= settings.load.cycles)
    return rollBack(state, now, { cause: 'fails-under-load', reason: describeLoad(state, suspicion) });
  if (challenges >= settings.challenge.most) return withAlert(stay(state), 'unproven', describe(about, suspicion));
  const phase = challengePhase(challenges + 1, about, suspicion, now);
  const moved = moveTo(
    { ...withNewTest(state), challenges: challenges + 1, loadCycles },
    phase,
    settings.challenge.share,
  );
  return withAlert(moved, 'challenge', describe(about, suspicion));
}

function challengePhase(
  index: number,
  about: ChallengePhase['about'],
  suspicion: Suspicion,
  now: number,
): ChallengePhase {
  const checkedUnits = { units: 0, bad: 0 };
  return { name: 'challenge', index, about, suspicion, since: now, checkedAt: now, checkedUnits, latest: [] };
}

function describe(about: ChallengePhase['about'], { seen, windowMs }: Suspicion): string {
  const what = about === 'errors' ? 'failed' : 'were slow';
  return `${seen.bad} of ${seen.units} requests ${what} (${percent(rateOf(seen))}) within ${windowMs / 1000} s`;
}

function describeLoad(state: ObservationState, suspicion: Suspicion): string {
  return `${describe('errors', suspicion)}; healthy at ${state.settings.challenge.share} % of the traffic, ${state.loadCycles} times`;
}
