import type { RetentionSettings } from './retention-settings.ts';

/** What is removed of a deployment in the course of time; the deployment itself stays. ISO 8601; null: it is still there. */
export interface RemovedParts {
  /** Since when nobody can go back to it for want of the image or bundle. */
  readonly artifactAt: string | null;
  readonly logsAt: string | null;
  /** Timeline, journal and measurements. */
  readonly historyAt: string | null;
}

export const nothingRemoved: RemovedParts = { artifactAt: null, logsAt: null, historyAt: null };

/** What a deployment leaves behind, beside its artifact. */
export type RecordKind = 'logs' | 'history';

/** A deployment that is over, and still has what is asked about. */
export interface PastDeployment {
  readonly id: string;
  readonly project: string;
  readonly environment: string;
  readonly number: number;
  /** Epoch ms. */
  readonly endedAt: number;
  /** How many deployments of the environment are newer. */
  readonly newer: number;
  /** Number of a deployment that took over its instances, and whose logs therefore go on in its own; null: none. */
  readonly logsNeededBy: number | null;
}

const dayMs = 86_400_000;

/** Before this a deployment has to have ended, in epoch ms, for anything to go. */
export function cutoff(kind: RecordKind, settings: RetentionSettings, now: number): number {
  return now - (kind === 'logs' ? settings.logDays : settings.historyDays) * dayMs;
}

/** Whether logs or history go: old enough, not of the newest, and nobody's else. */
export function isExpired(
  kind: RecordKind,
  { endedAt, newer, logsNeededBy }: PastDeployment,
  settings: RetentionSettings,
  now: number,
): boolean {
  if (kind === 'logs' && logsNeededBy !== null) return false;
  return endedAt < cutoff(kind, settings, now) && newer >= settings.keepNewest;
}
