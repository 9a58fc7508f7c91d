/** What a Git server is shown for a private repository, and no other server. */
export type RepositoryCredential = RepositoryToken | DeployKey;

/** For https:// (and http:// where that is allowed): user name and password of Basic authentication. */
export interface RepositoryToken {
  readonly kind: 'token';
  readonly username: string;
  readonly token: string;
  /** Scheme, host and port: `https://git.example`. */
  readonly host: string;
}

/** For ssh://. */
export interface DeployKey {
  readonly kind: 'deploy-key';
  /** In OpenSSH's own format, without a passphrase, ended by a newline. */
  readonly privateKey: string;
  /** Scheme, host and port: `ssh://git.example:22`. */
  readonly host: string;
}

/** The GitHub App of the platform: who reads the repository gets a token of its installation, for that time. */
export interface AppCredential {
  readonly kind: 'github-app';
  /** Scheme, host and port: `https://github.com`. */
  readonly host: string;
  /** Address of the only repository that it is for: who may say what a submodule is must not read others by it. */
  readonly repository: string;
}

/** What may be told of a credential: its values are never shown again. */
export interface CredentialFacts {
  readonly kind: RepositoryCredential['kind'];
  /** The only server that it is shown to. */
  readonly host: string;
  /** `SHA256:…` of the public key, as `ssh-keygen -l` and the providers show it; of a token 8 hex digits that are the same for the same token. */
  readonly fingerprint: string;
  /** Who set it. */
  readonly setBy: string;
  /** ISO 8601. */
  readonly setAt: string;
}

/** What the big providers take with a token of theirs. */
export const defaultTokenUser = 'x-access-token';

/** The texts that nobody may read: of a deploy key its lines without the frame and the first, which are alike in every key of a kind. */
export function credentialSecrets(credential: RepositoryCredential): readonly string[] {
  if (credential.kind === 'token') return [credential.token];
  return credential.privateKey.trimEnd().split('\n').slice(2, -1);
}
