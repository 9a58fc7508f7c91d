import type { Deployment } from './deployment.ts';
import { isCancellable } from './deployment-state.ts';

/**
 * null: it can be cancelled, which is legal before any instance starts (rule 2.2). Where the platform goes back by itself, the traffic has gone
 * before that: without its rollback the bad version would be current and serve nobody.
 */
export function whyNotCancelled({ state, origin }: Pick<Deployment, 'state' | 'origin'>): string | null {
  if (!isCancellable(state)) return `is ${state} and cannot be cancelled: only pending and running ones can`;
  if (origin?.kind !== 'rollback' || !origin.automatic || origin.from === null) return null;
  const bad = `#${origin.from.number}`;
  return `takes back ${bad}, which has lost its traffic already, and cannot be cancelled: roll back or deploy to what is to serve instead`;
}
