import type { ImageOwner } from '../../domain/image-names.ts';
import type { RegistryCredential } from '../../domain/registry-credential.ts';
import type { ImageInfo } from './runtime.ts';

/**
 * How images that are not built here come to this machine: from a registry, or out of a tarball. Every call can be repeated after a crash.
 * Errors of all: `runtime_unavailable`, `disk_full`.
 */
export interface ImageIntake {
  /**
   * The digest of what the reference names at its registry now, `sha256:…`. Errors: `image_not_found`, `registry_needs_credentials`,
   * `registry_credentials_refused`, `registry_unreachable`, `image_wrong_platform`, `invalid_input`.
   */
  resolve(request: ImageRequest, signal: AbortSignal): Promise<string>;
  /** Brings exactly the image of that digest here, under a name of the deployment's own. What is here is not fetched again. Errors as above. */
  pull(request: PullRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<ImageInfo>;
  /**
   * Takes the one image out of a tarball (`docker save` or OCI layout, plain, gzip or zstd) under a name of the deployment's own and no
   * other. Errors: `image_tarball_invalid`, `image_wrong_platform`.
   */
  load(request: LoadRequest, onLine: (line: string) => void, signal: AbortSignal): Promise<ImageInfo>;
  /** Takes the deployment's name from its image, which goes with it where nobody else has a name for it or uses it. Absent is fine. */
  forget(owner: ImageOwner, source: ForgottenImage | null, signal: AbortSignal): Promise<void>;
}

export interface ImageRequest {
  readonly reference: string;
  /** For the registry of the reference; null: none. */
  readonly credential: RegistryCredential | null;
}

export interface PullRequest extends ImageRequest {
  readonly digest: string;
  readonly owner: ImageOwner;
}

export interface LoadRequest {
  /** Of the tarball, absolute. */
  readonly path: string;
  readonly owner: ImageOwner;
}

/** What was pulled, where it may have no name yet. */
export interface ForgottenImage {
  readonly reference: string;
  readonly digest: string;
}
