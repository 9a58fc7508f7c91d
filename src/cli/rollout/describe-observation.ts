import type { WireObservation } from '../../contract/schemas/observation.ts';
import { formatCount, formatDuration } from '../output/quantities.ts';

/** "open, 12 min 03 s left; canary-1; evidence 4.5", or how it ended. */
export function describeObservation(observation: WireObservation, now: number): string {
  const { outcome, view } = observation;
  if (outcome !== null) return outcome;
  const left = timeLeft(observation, now);
  const parts = [left === null ? 'open' : `open, ${left} left`];
  if (view !== null) parts.push(view.phase, `evidence ${formatEvidence(view.evidence)}`);
  return parts.join('; ');
}

/** null while its end is not known, and when it is over. */
export function timeLeft({ endsAt, closedAt }: WireObservation, now: number): string | null {
  if (endsAt === null || closedAt !== null) return null;
  return formatDuration(Math.max(0, Math.ceil((Date.parse(endsAt) - now) / 1_000)) * 1_000);
}

/** Beyond a million the digits say no more. */
export function formatEvidence(evidence: number): string {
  if (evidence > 1_000_000) return 'over 1,000,000';
  return evidence < 100 ? evidence.toFixed(1) : formatCount(Math.round(evidence));
}
