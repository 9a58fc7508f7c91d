import type { GitHubApp, GitHubAppFacts, InstallationState, TokenPurpose } from '../../domain/github-app.ts';

/**
 * The door to GitHub for an App: it shows itself by its key, and gets tokens that end within the hour. Errors: `ProviderError`, with
 * `provider_unavailable` where it may help to try again, and `provider_refused` where it does not. None holds the key or a token.
 */
export interface GitHubApps {
  /** How GitHub calls the App of this id and key. */
  slug(app: GitHubApp, signal: AbortSignal): Promise<string>;
  /** Whether the App may act for `owner/name`, and by which installation. */
  installation(app: GitHubApp, repository: string, signal: AbortSignal): Promise<Installation>;
  /** For this repository alone, good for some minutes at least; asked of GitHub only where none is at hand. */
  token(app: GitHubApp, request: TokenRequest, signal: AbortSignal): Promise<string>;
  /** Tokens of the installation are worth nothing any more, or may do more than they could. */
  forget(installationId: string): void;
}

export type Installation =
  | { readonly state: Exclude<InstallationState, 'missing'>; readonly id: string }
  | { readonly state: 'missing'; readonly id: null };

export interface TokenRequest {
  readonly installationId: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly purpose: TokenPurpose;
}

/** `sealed` is bound to `id`, which is another one whenever it is set. */
export interface NewGitHubApp extends Pick<GitHubAppFacts, 'appId' | 'slug' | 'apiUrl' | 'fingerprint' | 'setBy'> {
  readonly id: string;
  readonly sealed: string;
}

export type SealedGitHubApp = Pick<NewGitHubApp, 'id' | 'appId' | 'apiUrl' | 'sealed'>;

/** A project for whose repository the App may be asked: none has a token of its own. */
export interface AppProject {
  readonly projectId: string;
  /** Its address. */
  readonly address: string | null;
  /** When this was read, by the database's clock. ISO 8601. */
  readonly readAt: string;
  /** What was found last; null: nobody has looked. */
  readonly known: {
    readonly repository: string;
    readonly state: InstallationState;
    /** ISO 8601. */
    readonly lookedUpAt: string;
    /** Something was told since that may have changed it. */
    readonly doubted: boolean;
  } | null;
}

/** The App of the platform, and where it is installed; kept in the database. Error of all: `database_unavailable`. */
export interface GitHubAppStore {
  find(): Promise<GitHubAppFacts | null>;
  sealed(): Promise<SealedGitHubApp | null>;
  /** In place of another one; where that was installed is looked up anew. */
  set(app: NewGitHubApp): Promise<void>;
  /** With what projects were to tell by it. False when there was none. */
  remove(): Promise<boolean>;
  /** null: GitHub took it. */
  noteFailure(error: string | null): Promise<void>;

  projects(): Promise<readonly AppProject[]>;
  /**
   * What was found, where the project has no token of its own and the App is still this one. Where the App could not act before and can
   * now, everything is told once more, as it is now.
   */
  found(projectId: string, appRowId: string, found: FoundInstallation): Promise<void>;
  /** The project is not on the App's GitHub any more. */
  forget(projectId: string): Promise<void>;
  /**
   * The installation has changed. Looked at again: its projects, and those that have none. Where something of its projects was not told,
   * everything is told once more, as it is now. Resolves to the projects of the installation.
   */
  doubt(installationId: string): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Looked at again: this project alone. */
  doubtOne(projectId: string): Promise<void>;
}

export interface FoundInstallation {
  readonly repository: string;
  readonly apiUrl: string;
  readonly installation: Installation;
  /** What is told of it, where the App may not act; else null. */
  readonly reason: string | null;
  /** The `readAt` of the project: what was told since then may have come later. */
  readonly asOf: string;
}
