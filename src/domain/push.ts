import type { Deployment } from './deployment.ts';
import { isFinal } from './deployment-state.ts';

/** What a push to a branch of the platform's own repository did to one environment. */
export interface PushResult {
  /** Its name. */
  readonly environment: string;
  /** Number of the deployment; null: nothing was deployed. */
  readonly deployment: number | null;
  /** Why nothing was, or what was. */
  readonly reason: string;
  /** It is a preview, which goes on showing the commit whatever becomes of it. Left out: it is none. */
  readonly preview?: boolean;
}

/** A push that was taken: the branch has moved, or is about to. */
export interface Push {
  readonly id: string;
  /** Of the whole push, which may have been one to several branches. */
  readonly pushId: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly branch: string;
  /** Where the branch was; null: there was none. */
  readonly before: string | null;
  /** 40 hex digits. */
  readonly commit: string;
  /** Name of the token. */
  readonly by: string;
  /** null: what it deploys has not been recorded to the end. */
  readonly results: readonly PushResult[] | null;
}

/** `failed`: at least one of its deployments did not go live. */
export type PushOutcome = 'succeeded' | 'failed';

/** Nothing more is to come of it, as far as whoever pushed is concerned. */
export function isOver({ state }: Pick<Deployment, 'state'>): boolean {
  return isFinal(state) || state === 'completed';
}

/** Also when it has been replaced or held since. */
export function wentLive({ readyAt, state }: Pick<Deployment, 'readyAt' | 'state'>): boolean {
  return readyAt !== null && state !== 'failed';
}
