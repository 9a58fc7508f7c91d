/** What a registry is shown for a project's private images, and no other registry. */
export interface RegistryCredential {
  /** `registry.example.com:5000`, `docker.io`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** What may be told of it: the password is never shown again. */
export interface RegistryCredentialFacts {
  readonly host: string;
  readonly username: string;
  /** 8 hex digits that are the same for the same password. */
  readonly fingerprint: string;
  /** Who set it. */
  readonly setBy: string;
  /** ISO 8601. */
  readonly setAt: string;
}
