import { defaultSuspicionRule, type SuspicionRule } from './suspicion.ts';

/** One step of a canary: its share in percent, and when it may be left. */
export interface CanaryStep {
  readonly share: number;
  /** Left with this many units on the new version and after `minMs`, or after `maxMs`. */
  readonly minUnits: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Every number of the rule. Durations in ms, shares in percent, rates from 0 to 1. */
export interface ObservationSettings {
  /** A false rollback has at most this probability, per test. */
  readonly alpha: number;
  /** Rates that differ by less are not worth a rollback. */
  readonly delta: number;
  readonly steps: readonly CanaryStep[];
  /** No larger share while E is above `evidence`, for at most `extraWaitMs` beyond the step's own time. */
  readonly raised: { readonly evidence: number; readonly extraWaitMs: number };
  /** From the switch on; longer by at most `extensionMs` where a challenge is open. */
  readonly observationMs: number;
  readonly extensionMs: number;
  readonly challenge: {
    readonly share: number;
    readonly most: number;
    /** After a shared incident, before the next suspicion. */
    readonly quietMs: number;
    readonly checkEveryMs: number;
    /** E at the end of the observation that is enough for a "probable" rollback. */
    readonly probableEvidence: number;
  };
  /** A version that fails soon after its first traffic may only be cold; one that fails nearly always is not. */
  readonly hold: { readonly share: number; readonly withinMs: number; readonly certainRate: number };
  readonly suspicion: SuspicionRule;
  /** Healthy in the challenge, suspicious again within `returnMs` of all traffic: after so many cycles it fails under load. */
  readonly load: { readonly cycles: number; readonly returnMs: number; readonly ordinaryTail: number };
  readonly slow: {
    readonly action: 'off' | 'alert' | 'roll-back';
    /** Counted from so long after the first traffic: caches are cold before. */
    readonly afterMs: number;
    /** A canary that is slower stays at its share for at most this long; a person may end it sooner. */
    readonly holdMs: number;
  };
}

const minute = 60_000;

/** The steps of a canary: the first is left on 50 units or after 1 min, the others on 200 or after 2 min, none before 15 s. */
export function canarySteps(shares: readonly number[]): CanaryStep[] {
  return shares.map((share, index) =>
    index === 0
      ? { share, minUnits: 50, minMs: 15_000, maxMs: minute }
      : { share, minUnits: 200, minMs: 15_000, maxMs: 2 * minute },
  );
}

export const defaultObservationSettings: ObservationSettings = {
  alpha: 0.001,
  delta: 0.002,
  steps: canarySteps([10, 30]),
  raised: { evidence: 20, extraWaitMs: 2 * minute },
  observationMs: 15 * minute,
  extensionMs: 15 * minute,
  challenge: { share: 20, most: 6, quietMs: 30_000, checkEveryMs: 1_000, probableEvidence: 20 },
  hold: { share: 1, withinMs: 10_000, certainRate: 0.8 },
  suspicion: defaultSuspicionRule,
  load: { cycles: 3, returnMs: minute, ordinaryTail: 0.01 },
  slow: { action: 'alert', afterMs: 30_000, holdMs: 15 * minute },
};
