import type { BuildSettings } from './build-settings.ts';
import type { EnvironmentSettings, RollbackSettings } from './environment-settings.ts';
import type { HealthCheck } from './health-check.ts';
import type { ProcessSettings } from './processes.ts';
import type { VolumeSettings } from './volumes.ts';

/** The file in the app's directory that says how the app is built and run (rule 4.3). */
export const appConfigFile = 'cutover.yaml';
/** The older convention: a line per process, nothing else. */
export const procfile = 'Procfile';

/**
 * What a repository says about itself, in the units of the settings. Only what it says: the rest is left to the environment. Plain
 * data, so it can be kept with a deployment.
 */
export interface AppConfig {
  readonly build: Partial<Omit<BuildSettings, 'directory'>>;
  readonly settings: Partial<Pick<EnvironmentSettings, AppSetting>>;
  readonly health: Partial<HealthCheck>;
  readonly rollback: Partial<RollbackSettings>;
  /** Names are distinct. `release` and `contract` are among them and have a command. */
  readonly processes: readonly ProcessConfig[];
  /** Names and paths are distinct. */
  readonly volumes: readonly VolumeSettings[];
}

/** Settings that are taken over one for one. Branch and auto-deploy decide about a commit, so a commit cannot carry them. */
type AppSetting =
  | 'replicas'
  | 'cpuCores'
  | 'memoryMb'
  | 'port'
  | 'strategy'
  | 'canarySteps'
  | 'observationMs'
  | 'standby'
  | 'drainTimeoutMs'
  | 'stopGraceMs'
  | 'holdTimeoutMs'
  | 'oneOffTimeoutMs';

/** A process as far as the repository describes it. `web` has no more than a command: the rest of it are settings. */
export type ProcessConfig = Pick<ProcessSettings, 'name'> & Partial<Omit<ProcessSettings, 'name'>>;

export const emptyAppConfig: AppConfig = {
  build: {},
  settings: {},
  health: {},
  rollback: {},
  processes: [],
  volumes: [],
};

/** What is wrong in a document, before it is known where in the text that stands. */
export interface DocumentProblem {
  /** Keys and list positions from the top. */
  readonly path: DocumentPath;
  /** Whether the key is wrong or what it is given. */
  readonly at: 'key' | 'value';
  /** A sentence without its full stop: "health.path must begin with / and have no spaces". */
  readonly message: string;
}
export type DocumentPath = readonly (string | number)[];

/** What is wrong in a file, and where; line and column count from 1, null where it is the file as a whole. */
export interface FileProblem {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** Makes a configuration of a parsed `cutover.yaml` (maps, lists, texts, numbers, booleans, null), or says all that is wrong. */
export type CheckDocument = (document: unknown) => CheckedDocument;
export type CheckedDocument =
  | { readonly config: AppConfig; readonly problems: readonly [] }
  | { readonly config: null; readonly problems: readonly DocumentProblem[] };

/** As editors and terminals take it: `cutover.yaml:3:5: …`. */
export function describeFileProblem({ file, line, column, message }: FileProblem): string {
  const place = [file, line, column].filter((part) => part !== null).join(':');
  return `${place}: ${message}`;
}
