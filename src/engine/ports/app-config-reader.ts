import type { AppConfig } from '../../domain/app-config.ts';

/** The door to what a repository says about its own deployment (rule 4.3). */
export interface AppConfigReader {
  /**
   * What `cutover.yaml` and the Procfile in the app's directory say; where both name a process, `cutover.yaml` wins. Absent files say
   * nothing. `checkoutPath` is the work tree: nothing outside of it is read. Errors: `config_invalid`, naming file, line and column
   * of everything that is wrong; `directory_not_found`.
   */
  read(checkoutPath: string, directory: string, signal: AbortSignal): Promise<RepositoryConfig>;
}

export interface RepositoryConfig {
  readonly config: AppConfig;
  /** Names of the files that were there, for the log; none is fine. */
  readonly files: readonly string[];
}
