import type { BuildPlan } from '../../domain/build-plan.ts';
import type { BuildSecret } from '../../domain/build-secrets.ts';
import type { BuildSettings } from '../../domain/build-settings.ts';

/** Looks at a checkout and decides. Errors: `nixpacks_missing`, `nixpacks_failed`, `app_not_detected`, `start_command_missing`, `dockerfile_invalid`, `directory_not_found`. */
export interface Planner {
  /** Part of every image key: changes whenever the same input could lead to another plan. */
  readonly version: string;
  plan(checkoutPath: string, settings: BuildSettings, signal?: AbortSignal): Promise<BuildPlan>;
}

/**
 * The door to BuildKit. Errors: `build_failed` (message: the step and its last lines), `build_out_of_memory`,
 * `build_timed_out`, `base_image_missing`, `dockerfile_invalid`, `runtime_unavailable`, `disk_full`.
 */
export interface Builder {
  /** Aborting the signal kills the build; it leaves no container and no image. */
  build(request: BuildRequest, onLine: (line: BuildLine) => void, signal: AbortSignal): Promise<BuiltImage>;
  /** The files under `path` in the image, as a tar stream whose names begin below `path`. */
  exportFiles(imageId: string, path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface BuildRequest {
  readonly deploymentId: string;
  /** Absolute path of the directory that is the build context. */
  readonly contextPath: string;
  readonly plan: BuildPlan;
  /** Tag that names the deployment; the caller uses the returned id. */
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  /**
   * What steps may read while they run; no part of the image, its history or the cache. A Dockerfile of the repository mounts them by their
   * names; in a planned one they are environment variables where `ARG BUILD_ENV_HASH` stands. A changed one makes its steps run again.
   */
  readonly secrets: readonly BuildSecret[];
  /** Caches of package managers and compilers are shared by builds of the same scope and by no others. Hard to guess. */
  readonly cacheScope: string;
  readonly timeoutMs: number;
}

export interface BuildLine {
  readonly stream: 'stdout' | 'stderr' | 'progress';
  readonly text: string;
}

export interface BuiltImage {
  readonly imageId: string;
  readonly sizeBytes: number;
  readonly exposedPorts: readonly number[];
}
