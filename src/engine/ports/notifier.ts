import type { TimelineEntry } from '../../domain/timeline.ts';

/** A recorded timeline entry, as told to whoever listens in this process. Delivery is best effort; the store has the truth. */
export interface RecordedEntry {
  /** Ascending over the whole installation. */
  readonly id: number;
  /** ISO 8601. */
  readonly at: string;
  readonly projectId: string;
  readonly deploymentId: string;
  readonly entry: TimelineEntry;
}

export interface Notifier {
  publish(entry: RecordedEntry): void;
}
