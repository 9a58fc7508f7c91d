import type { PlatformSnapshot } from '../../domain/platform-snapshot.ts';
import type { WrittenText } from '../../domain/invariants.ts';
import type { SealedCredential } from './deployment-store.ts';

/** The half of a snapshot that the database knows. */
export type RecordedPlatform = Pick<PlatformSnapshot, 'projects' | 'environments' | 'deployments' | 'slots'>;

/** What the invariants need to know of what is recorded. Error of all: `database_unavailable`. */
export interface InvariantStore {
  /** As of one moment. Of the deployments that are over, those of `remembered` alone. */
  recorded(remembered: readonly string[]): Promise<RecordedPlatform>;
  /** What was written about the newest `limit` deployments, with the configuration whose secrets must not stand there. */
  written(limit: number): Promise<readonly WrittenDeployment[]>;
}

/** Everything the database keeps in words about one deployment. */
export interface WrittenDeployment {
  readonly deploymentId: string;
  /** For people: `shop #42`. */
  readonly name: string;
  readonly sealedVariables: string;
  /** Of its project, as it is set now. */
  readonly sealedCredential?: SealedCredential | null;
  readonly texts: readonly WrittenText[];
  /** Names of its logs, for the log store; some may never have been written. */
  readonly logs: readonly string[];
}
