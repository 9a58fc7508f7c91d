import type { RegistryCredential, RegistryCredentialFacts } from '../../domain/registry-credential.ts';
import type { Actor } from '../../domain/roles.ts';

/** What registries are shown for a project's private images. Passwords go in, and never come out again. */
export interface RegistryCommands {
  list(actor: Actor, project: string): Promise<readonly RegistryCredentialFacts[]>;
  /** In place of what was set for that registry. Error: `invalid_input`. */
  set(actor: Actor, project: string, credential: RegistryCredential): Promise<RegistryCredentialFacts>;
  /** Error: `not_found`. */
  remove(actor: Actor, project: string, host: string): Promise<void>;
}

export interface NewImageDeployment {
  readonly environment: string;
  /** `registry.example.com/app:1.2`, `app@sha256:…`. */
  readonly image: string;
  readonly idempotencyKey?: string;
}

export interface NewUploadDeployment {
  readonly environment: string;
  /** An image tarball, or an archive of files to be served. */
  readonly what: 'image' | 'static';
  /** Of a bundle: unknown paths are answered with `/index.html`. */
  readonly spa: boolean;
  readonly filename: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly idempotencyKey?: string;
}
