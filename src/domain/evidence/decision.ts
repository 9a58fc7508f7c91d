import type { RollbackVerdict } from './verify-rollback.ts';

export type RollbackCause = 'error-rate' | 'slow' | 'fails-under-load' | 'crash-loop' | 'health';

export type AlertKind =
  /** The new version is suspected and gets a part of the traffic until that is settled. */
  | 'challenge'
  /** It fails like a cold start; it gets 1 % until that is over. */
  | 'hold'
  /** Both versions fail: nothing to roll back. */
  | 'shared-incident'
  /** Suspected, and there is no old version to compare with, or every challenge is used up. */
  | 'unproven'
  /** The observation ended in a challenge with too little evidence; the new version stays. */
  | 'undecided'
  | 'slow'
  /** After a rollback: the old version fails as well. Promoting again is offered. */
  | Exclude<RollbackVerdict, 'confirmed'>;

/** What the engine is to do. */
export type Decision =
  /** Send this part of the traffic, in percent, to the new version. */
  | { readonly type: 'share'; readonly share: number }
  | {
      readonly type: 'roll-back';
      readonly cause: RollbackCause;
      /** For people: "error rate 12.4 % against 0.3 %". */
      readonly reason: string;
      /** Decided on less evidence than usual, because the observation ended. */
      readonly probable: boolean;
      /** `none`: there is no version that could take over (first deployment); the deployment failed all the same. */
      readonly target: 'old' | 'none';
    }
  /** The new version keeps all traffic. */
  | { readonly type: 'promote' }
  | { readonly type: 'alert'; readonly kind: AlertKind; readonly message: string }
  /** Nothing more is observed: after `promote`, or when a rollback has been verified. */
  | { readonly type: 'done' };
