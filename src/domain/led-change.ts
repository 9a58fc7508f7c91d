import type { PausableState } from './deployment.ts';
import { isFinal, transition, type DeploymentEvent, type DeploymentState } from './deployment-state.ts';
import { CutoverError } from './errors.ts';
import type { ObservationOutcome } from './observation.ts';
import type { TimelineEntry } from './timeline.ts';

/**
 * What is asked of a deployment. `take-back`: the evidence is against it. `pause` and `resume` are given to whoever leads it, or claims it
 * for that; `sleep` and `wake` of what serves, by nobody in particular (rule 6).
 */
export type Want = 'cancel' | 'delete' | 'take-back' | 'pause' | 'resume' | 'sleep' | 'wake';

/** A deployment as its leader's write finds it. */
export interface LedDeployment {
  readonly number: number;
  readonly state: DeploymentState;
  readonly pausedFrom: PausableState | null;
  readonly want: Want | null;
  /** Who asked for it; null: nobody is to be named. */
  readonly wantedBy: string | null;
  /** There is a verdict on it: it is being taken back. */
  readonly judged: boolean;
}

/** What the leader wants to write of it, as far as the rules go. */
interface LedChange {
  readonly transition?: DeploymentEvent;
  readonly reason?: string;
  readonly timeline?: readonly TimelineEntry[];
}

/** Wishes that win over everything: the leader has to see them before it goes on. */
const endings: ReadonlySet<Want | null> = new Set<Want>(['cancel', 'delete', 'take-back']);
const refusedToTheUnwanted: ReadonlySet<DeploymentEvent['type']> = new Set<DeploymentEvent['type']>([
  'instances-starting',
  'predecessor-drained',
  'paused',
  'resumed',
]);

/** Nothing but its end fulfils it. */
export function isEnding(want: Want | null): boolean {
  return endings.has(want);
}

/**
 * Traffic that was taken from a version is not given to it again by a leader that has not heard of it yet: who writes a route and no
 * verdict asks this first. Error: `cancelled`.
 */
export function refuseTraffic({ number, want, judged }: LedDeployment): void {
  if (want !== 'take-back' || judged) return;
  throw new CutoverError('cancelled', `#${number} is to be taken back, so it gets no traffic`);
}

/** Errors: `cancelled` where somebody wants it to end, `illegal_transition`. */
export function nextState(
  { number, state, pausedFrom, want }: LedDeployment,
  event: DeploymentEvent | undefined,
): DeploymentState {
  if (event === undefined) return state;
  // What is held goes on once more to be taken back.
  const toBeTakenBack = want === 'take-back' && event.type === 'resumed';
  if (isEnding(want) && refusedToTheUnwanted.has(event.type) && !toBeTakenBack) {
    throw new CutoverError('cancelled', `#${number} is to end (${want}), so it cannot go on`);
  }
  // Held is what somebody asked for; as completed it would be stopped.
  if (want === 'pause' && event.type === 'predecessor-drained') {
    throw new CutoverError('illegal_transition', `#${number} is to be paused, so it is not completed`);
  }
  if (event.type === 'resumed' && event.to !== pausedFrom) {
    throw new CutoverError('illegal_transition', `#${number} was not paused when it was ${event.to}`);
  }
  const result = transition(state, event);
  if (!result.ok) throw new CutoverError('illegal_transition', result.message);
  return result.state;
}

/** null: its observation goes on, if there is one. A rollout that is held is still compared. */
export function endOfObservation(
  { state }: Pick<LedDeployment, 'state'>,
  { reason }: LedChange,
  next: DeploymentState,
): { readonly outcome: ObservationOutcome; readonly message: string } | null {
  if (next === state) return null;
  const message = reason ?? next;
  if (next === 'failed') return { outcome: 'rolled-back', message };
  if (isFinal(next) || (state === 'completed' && next === 'paused')) return { outcome: 'interrupted', message };
  return null;
}

/** What is told of the change: who wanted it is named once. */
export function timelineOf(
  { wantedBy: by, state }: Pick<LedDeployment, 'wantedBy' | 'state'>,
  { timeline = [], transition: event, reason }: LedChange,
  next: DeploymentState,
): readonly TimelineEntry[] {
  const entries = [...timeline];
  const told = entries.some(({ kind }) => kind === 'paused' || kind === 'resumed');
  const type = event?.type;
  if (by !== null && !told && (type === 'paused' || type === 'resumed')) entries.push({ kind: type, by });
  if (next !== state) entries.push({ kind: 'state.changed', from: state, to: next, reason: reason ?? null });
  return entries;
}
