import type { Deployment } from './deployment.ts';

/** What the records say of somebody in the queue beside the deployment itself. Times are ISO 8601. */
export interface QueueFacts {
  /** Since when its build waits for a place; null: it does not. */
  readonly buildWaitsSince: string | null;
  /** Nobody takes it up again before this; null: somebody may now, or does. */
  readonly notBefore: string | null;
}

export const nothingKnown: QueueFacts = { buildWaitsSince: null, notBefore: null };

/** Why a deployment does not go on. */
export type QueueReason =
  /** Another one is changing the environment, or is held in the middle of that by a user. */
  | { readonly kind: 'environment'; readonly number: number; readonly state: Deployment['state'] }
  /** Another one of the environment is served first. */
  | { readonly kind: 'turn'; readonly number: number }
  | { readonly kind: 'build-place' }
  /** Somebody held it, and only somebody can let it go on. */
  | { readonly kind: 'paused' }
  /** It met with an error that may pass. */
  | { readonly kind: 'backoff'; readonly until: string }
  | { readonly kind: 'worker' };

export interface QueuePlace {
  /** null: it waits for nothing, it runs. */
  readonly waitsFor: QueueReason | null;
  /** ISO 8601: since when it waits for that, or runs. */
  readonly since: string;
}

interface QueueEntry {
  readonly deployment: Deployment;
  readonly facts: QueueFacts;
}

/** `open`: all of the same environment that wait or run, in the order in which they will be served. */
export function placeInQueue({ deployment, facts }: QueueEntry, open: readonly Deployment[]): QueuePlace {
  const { state, createdAt, startedAt } = deployment;
  if (state === 'pending') return { waitsFor: reasonToWait(deployment, facts, open), since: createdAt };
  const since = startedAt ?? createdAt;
  if (state === 'paused') return { waitsFor: { kind: 'paused' }, since };
  if (facts.notBefore !== null) return { waitsFor: { kind: 'backoff', until: facts.notBefore }, since };
  if (facts.buildWaitsSince !== null) return { waitsFor: { kind: 'build-place' }, since: facts.buildWaitsSince };
  return { waitsFor: null, since };
}

function reasonToWait({ id }: Deployment, { notBefore }: QueueFacts, open: readonly Deployment[]): QueueReason {
  const active = open.find(({ state }) => state !== 'pending');
  if (active !== undefined) return { kind: 'environment', number: active.number, state: active.state };
  const [first] = open;
  if (first !== undefined && first.id !== id) return { kind: 'turn', number: first.number };
  return notBefore === null ? { kind: 'worker' } : { kind: 'backoff', until: notBefore };
}

/** For people. `environment`: name of the deployment's own. */
export function describeQueueReason(reason: QueueReason, environment: string): string {
  switch (reason.kind) {
    case 'environment':
      return `#${reason.number} is ${reason.state} in ${environment}`;
    case 'turn':
      return `#${reason.number} waits before it in ${environment}`;
    case 'build-place':
      return 'a place to build';
    case 'paused':
      return 'somebody who resumes it';
    case 'backoff':
      return `the next try at ${reason.until}`;
    case 'worker':
      return 'a free worker';
  }
}
