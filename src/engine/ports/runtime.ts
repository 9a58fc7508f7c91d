import type { InstanceUse } from '../../domain/resource-use.ts';
import type { VolumeSettings } from '../../domain/volumes.ts';

/**
 * The door to whatever keeps instances alive (Docker Engine). Every call is idempotent and safe to repeat after a crash:
 * what is already so is left so. Every call takes an `AbortSignal` and has its own timeout in the driver.
 * Errors: `runtime_unavailable` when the engine does not answer; others are named per method.
 */
export interface Runtime {
  /** Resolves when the engine answers. */
  ping(signal: AbortSignal): Promise<RuntimeInfo>;

  /** The project's private network (one per project, a /26 from the platform's own pool). Errors: `network_exhausted`. */
  ensureNetwork(project: string, signal: AbortSignal): Promise<void>;
  removeNetwork(project: string, signal: AbortSignal): Promise<void>;
  /** Names of the projects that have a network. */
  networks(signal: AbortSignal): Promise<readonly string[]>;

  /** null when the image is not on this machine. `ref` is a tag or an id. */
  inspectImage(ref: string, signal: AbortSignal): Promise<ImageInfo | null>;
  /** Removes the image and its tags; absent is fine, in use is fine (it stays). */
  removeImage(imageId: string, signal: AbortSignal): Promise<void>;

  /**
   * Creates and starts the instance; a container of the same instance that exists is started if it never ran, else left.
   * While it is at the gate it is not restarted by anyone: an exit is a verdict. Errors: `artifact_gone`, `instance_start_failed`.
   */
  start(spec: InstanceSpec, signal: AbortSignal): Promise<InstanceStatus>;
  /** After the gate: from now on the engine restarts the instance whenever it exits, also after a reboot. */
  keepAlive(instanceId: string, signal: AbortSignal): Promise<void>;
  /** null when there is no such container. */
  status(instanceId: string, signal: AbortSignal): Promise<InstanceStatus | null>;
  /** TCP ports something in the instance listens on, ascending; loopback-only listeners are left out. */
  listeningPorts(instanceId: string, signal: AbortSignal): Promise<ListeningPorts>;
  /** What the instance has used so far; null where it does not run. Seldom takes longer than a second: what it uses now is for the caller to tell, by two readings. */
  usage(instanceId: string, signal: AbortSignal): Promise<InstanceUse | null>;
  /** SIGTERM, the grace, SIGKILL; then the container is removed. Absent is fine. */
  stop(instanceId: string, graceMs: number, signal: AbortSignal): Promise<void>;
  /** Every container that carries this platform's label. */
  list(signal: AbortSignal): Promise<readonly InstanceStatus[]>;

  /**
   * Runs a command inside a running instance, as its user, with its variables. Errors: `not_found` when the instance does not run. A
   * command that takes longer than `timeoutMs` is not waited for: its exit code is null.
   */
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecResult>;

  /** The environment's volume of that name; made when there is none, and never removed with an instance. */
  ensureVolume(volume: VolumeId, signal: AbortSignal): Promise<void>;
  /** With its data. Absent is fine; in use is `conflict`-like: `volume_in_use`. */
  removeVolume(volume: VolumeId, signal: AbortSignal): Promise<void>;
  /** Every volume that carries this platform's label. */
  volumes(signal: AbortSignal): Promise<readonly VolumeId[]>;

  /**
   * Output from `since` on (exclusive; null: from the start), one chunk per line as the engine frames them. Ends when the
   * container is gone or stays exited; a live one is followed.
   */
  output(instanceId: string, since: OutputPosition | null, signal: AbortSignal): AsyncIterable<OutputChunk>;
  /** Something happened to one of ours. The stream reconnects by itself; after each reconnect it yields `relist`. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export interface RuntimeInfo {
  readonly version: string;
  readonly apiVersion: string;
  readonly cgroupVersion: '1' | '2';
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Whether instances outlive the engine, when it is restarted or dies. */
  readonly liveRestore: boolean;
}

export interface ImageInfo {
  /** `sha256:…` */
  readonly imageId: string;
  readonly sizeBytes: number;
  readonly exposedPorts: readonly number[];
}

export interface InstanceSpec {
  readonly instanceId: string;
  readonly project: string;
  readonly environment: string;
  readonly deploymentId: string;
  readonly deploymentNumber: number;
  readonly process: string;
  readonly ordinal: number;
  readonly imageId: string;
  /** null: the image's own. An array of arguments, never a shell string. */
  readonly command: readonly string[] | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly port: number;
  readonly cpuCores: number;
  readonly memoryMb: number;
  readonly stopGraceMs: number;
  readonly volumes: readonly VolumeSettings[];
}

export interface ExecRequest {
  readonly instanceId: string;
  /** Never a shell string. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

export interface ExecResult {
  /** null: it took too long. */
  readonly exitCode: number | null;
  /** The start of what it printed, both streams, at most 2,000 characters. */
  readonly output: string;
}

/** A volume belongs to one environment of one project, and outlives every deployment of it. */
export interface VolumeId {
  readonly project: string;
  readonly environment: string;
  readonly name: string;
}

export interface InstanceStatus {
  readonly instanceId: string;
  readonly deploymentId: string;
  readonly containerId: string;
  readonly running: boolean;
  /** Address on the project's network; null while it has none. Changes when the container restarts. */
  readonly address: string | null;
  /** Epoch ms of the last start; null when it never ran. */
  readonly startedAt: number | null;
  /** null while running or never run. */
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  readonly restarts: number;
}

export interface ListeningPorts {
  readonly open: readonly number[];
  /** Listening, but only on the instance's own loopback, where nobody can reach it. */
  readonly loopbackOnly: readonly number[];
}

/** The engine's own timestamp (RFC 3339, nanoseconds) of the last line taken. */
export type OutputPosition = string;

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly position: OutputPosition;
  /** Without the newline. */
  readonly text: string;
}

export type RuntimeEvent =
  | { readonly type: 'started' | 'removed'; readonly instanceId: string }
  /** `at`: epoch ms. */
  | {
      readonly type: 'exited';
      readonly instanceId: string;
      /** An instance that is stopped and started again gets another one; null: the engine does not say. */
      readonly containerId: string | null;
      readonly at: number;
      readonly exitCode: number | null;
      readonly outOfMemory: boolean;
    }
  | { readonly type: 'relist' };
