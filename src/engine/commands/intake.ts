import type { RegistryCredential, RegistryCredentialFacts } from '../../domain/registry-credential.ts';
import type { Actor } from '../../domain/roles.ts';
import type { SentCommit } from '../../domain/source.ts';

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

/** What an upload is, and what is to be known of it. */
export type Sent =
  /** An image tarball. */
  | { readonly what: 'image' }
  /** An archive of files to be served. `spa`: unknown paths are answered with `/index.html`. */
  | { readonly what: 'static'; readonly spa: boolean }
  /** An archive of a directory to be built. */
  | { readonly what: 'directory'; readonly commit: SentCommit | null; readonly noCache: boolean };

export interface NewUploadDeployment {
  readonly environment: string;
  readonly sent: Sent;
  readonly filename: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly idempotencyKey?: string;
}
