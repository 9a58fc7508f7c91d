import type { AppConfig, FileProblem } from '../domain/app-config.ts';

export { describeFileProblem } from '../domain/app-config.ts';
export { processKind } from '../domain/processes.ts';

/** What `cutover config validate --json` prints. */
export interface AppConfigReport {
  /** Names of the files that were there. */
  readonly files: readonly string[];
  /** In the units of the settings: milliseconds, MiB, argument vectors. null where something is wrong. */
  readonly config: AppConfig | null;
  readonly problems: readonly FileProblem[];
}
