import { judgeChallenge } from './challenge-phase.ts';
import { newComparison } from './comparison.ts';
import { judgeHold } from './crossing.ts';
import { isFixForward } from './fix-forward.ts';
import { judgeFull } from './full-phase.ts';
import { takeIn } from './intake.ts';
import type { ObservationInput } from './observation-input.ts';
import type { ObservationSettings } from './observation-settings.ts';
import type { Advanced, ObservationStart, ObservationState } from './observation-state.ts';
import { canaryPhase, isRaised, judgeCanary, judgeStepped } from './rising-phases.ts';
import { judgeRolledBack } from './rolled-back-phase.ts';
import { fullPhase, moveTo, rollBack, stay, toFull } from './steps.ts';
import { noTallies } from './tally.ts';

/**
 * The observation of a deployment from its first traffic on: it compares new and old and says what share the new version gets, when it is
 * taken back, and when that is settled.
 *
 *     canary step 1 → step 2 → … ┐
 *     stepped (share from outside)├→ full ⇄ challenge 1 … 6
 *     direct ────────────────────┘    │         │
 *     (any but full → hold → back)    └→ done   └→ rolled-back → done
 *
 * A pure reducer over a plain value. The caller applies decisions in their order and tells with the next input what is in force.
 */
export function beginObservation(settings: ObservationSettings, start: ObservationStart, now: number): Advanced {
  const forward = isFixForward(start.old, start.last5Minutes);
  const state: ObservationState = {
    settings,
    start,
    phase: fullPhase(now, now),
    share: 0,
    inForce: { share: 0, since: now },
    comparison: newComparison,
    speed: newComparison,
    slowSince: null,
    slowAccepted: false,
    requests: noTallies,
    probes: noTallies,
    failedClients: [],
    firstTrafficAt: null,
    switchedAt: null,
    challenges: 0,
    mayHold: !forward,
    loadCycles: 0,
    clearedAt: null,
    said: [],
  };
  const [first] = settings.steps;
  // With nothing to compare with, and for what is probably the fix, there is no reason to wait.
  if (start.mode === 'stepped') return stay({ ...state, phase: { name: 'stepped', raisedAt: null } });
  if (start.mode === 'direct' || first === undefined || forward || start.old === 'none') return toFull(state, now);
  return moveTo(state, canaryPhase(state, 0, now), first.share);
}

/** Takes in what happened since the last time, and decides. After `done` nothing changes any more. */
export function advance(before: ObservationState, input: ObservationInput): Advanced {
  if (before.phase.name === 'done') return stay(before);
  const taken = takeIn(before, input);
  const state = input.proceed === true ? { ...taken, slowSince: null, slowAccepted: true } : taken;
  const { trigger, now } = input;
  if (trigger !== undefined && state.phase.name !== 'rolled-back') return rollBack(state, now, trigger);
  return judge(state, before, now);
}

function judge(state: ObservationState, before: ObservationState, now: number): Advanced {
  const { phase } = state;
  switch (phase.name) {
    case 'canary':
      return judgeCanary(state, phase, now);
    case 'stepped':
      return judgeStepped(state, phase, now);
    case 'hold':
      return judgeHold(state, phase, now);
    case 'full':
      return judgeFull(state, phase, before.phase.name === 'full' ? before.phase : phase, now);
    case 'challenge':
      return judgeChallenge(state, phase, now);
    case 'rolled-back':
      return judgeRolledBack(state, phase, now);
    case 'done':
      return stay(state);
  }
}

/**
 * For a rollout over several replicas: whether one more may be replaced now, and for how long the evidence (E > 20) has kept it. No longer
 * than a canary is kept for the same reason: where nobody comes, it would never change.
 */
export function growth(state: ObservationState, now: number): { readonly may: boolean; readonly heldForMs: number } {
  const { phase } = state;
  const heldForMs = phase.name === 'stepped' && phase.raisedAt !== null ? now - phase.raisedAt : 0;
  const slow = state.slowSince !== null && now - state.slowSince < state.settings.slow.holdMs;
  const rising = phase.name === 'stepped' || phase.name === 'canary' || phase.name === 'full';
  const kept = phase.name !== 'full' && isRaised(state) && heldForMs < state.settings.raised.extraWaitMs;
  return { may: rising && !slow && !kept, heldForMs };
}
