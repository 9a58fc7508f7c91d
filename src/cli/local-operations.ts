import type { BackupOperations } from './backup-operations.ts';
import type { AppConfigReport } from '../contract/app-config-report.ts';
import type { BuildPlanReport } from '../contract/build-plan-report.ts';
import type { BuildSettingsChange } from '../contract/schemas/project.ts';
import type { DoctorReport, ServerStatus } from '../contract/schemas/system.ts';

/** Options that are left out come from the environment of the process, then from the defaults of the control plane. */
export interface ServerLocation {
  /** Where the server keeps its data; also what tells one server of this machine from another. */
  readonly dataDirectory?: string;
}

export interface StartServerOptions extends ServerLocation {
  /** Port of the API on loopback. */
  readonly apiPort?: number;
  /** Port visitors come to. */
  readonly routerPort?: number;
  readonly baseDomain?: string;
}

export interface StartedServer {
  /** Address of the API. */
  readonly url: string;
  readonly pid: number;
  /** False when this call started it. */
  readonly wasRunning: boolean;
  /** Made at the first start and shown this once; null later. */
  readonly adminToken: string | null;
}

export interface StopServerOptions extends ServerLocation {
  /** Also the router, the static file server, the database and the instances: traffic ends. */
  readonly everything: boolean;
}

export type LocalServerStatus =
  | { readonly running: false }
  | { readonly running: true; readonly url: string; readonly status: ServerStatus };

export interface BaseImagesOptions {
  readonly images: readonly ('static' | 'run' | 'node' | 'python')[];
  /** Assemble again what is already there. */
  readonly force: boolean;
  /** Major versions of Node. */
  readonly nodeVersions: readonly number[];
}

export interface BaseImage {
  /** As a Dockerfile names it. */
  readonly reference: string;
  readonly imageId: string;
  /** False: it was there already. */
  readonly built: boolean;
  readonly durationMs: number;
}

export interface PlanBuildOptions {
  /** Of the app, on this machine. */
  readonly directory: string;
  /** As the settings of a project would say it. */
  readonly build: BuildSettingsChange;
  /** Also the rules that were tried. */
  readonly explain: boolean;
}

/** What the CLI does on the machine itself rather than over the API. The daemon implements it. Throws CutoverError. */
export interface LocalOperations extends BackupOperations {
  /** Resolves when the API answers; the server goes on in the background. Errors: `port_in_use` and whatever a part is missing. */
  startServer(options: StartServerOptions, signal: AbortSignal): Promise<StartedServer>;
  stopServer(options: StopServerOptions, signal: AbortSignal): Promise<{ readonly wasRunning: boolean }>;
  serverStatus(options: ServerLocation, signal: AbortSignal): Promise<LocalServerStatus>;
  /** The checks that need no server. */
  doctor(signal: AbortSignal): Promise<DoctorReport>;
  /** What the app in a directory says about its deployment, as a deployment would read it. Error: `directory_not_found`. */
  examineAppConfig(directory: string, signal: AbortSignal): Promise<AppConfigReport>;
  /**
   * How a deployment of what is in a directory would be built; nothing of it is run. Errors: `directory_not_found`, `config_invalid`,
   * and those of the planner.
   */
  planBuild(options: PlanBuildOptions, signal: AbortSignal): Promise<BuildPlanReport>;
  /** `progress` is told each step as a line for people. */
  buildBaseImages(
    options: BaseImagesOptions,
    progress: (line: string) => void,
    signal: AbortSignal,
  ): Promise<readonly BaseImage[]>;
}
