import type { Push, PushOutcome, PushResult } from '../../domain/push.ts';

/** What was pushed to the platform's own repositories. Error of all: `database_unavailable`. */
export interface PushStore {
  /** From here on it is taken: whatever happens, it is carried out. Error: `not_found` where the project is being deleted. */
  record(push: Omit<Push, 'results' | 'projectName'>): Promise<void>;
  triggered(id: string, results: readonly PushResult[]): Promise<void>;
  settled(id: string, outcome: PushOutcome): Promise<void>;
  /** Those that are not settled, oldest first. */
  unsettled(): Promise<readonly Push[]>;
  /** Forgets those that were settled so long ago: nobody asks for them any more. */
  prune(settledDays: number): Promise<void>;
  /** Of these projects, those that there are, also while they are being deleted. */
  existing(projectIds: readonly string[]): Promise<readonly string[]>;
}
