import type { TimelineEntry } from '../../domain/timeline.ts';

/** A timeline entry as it was recorded. */
export interface RecordedEntry {
  /** Ascending over the whole installation. */
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly projectId: string;
  readonly deploymentId: string;
  readonly entry: TimelineEntry;
}
