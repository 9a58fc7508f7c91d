import type { GitHubAppFacts } from '../../domain/github-app.ts';
import type { Preview, PreviewState } from '../../domain/preview.ts';
import type { PreviewSettings } from '../../domain/preview-settings.ts';
import type { ProviderFacts } from '../../domain/provider.ts';
import type { Actor } from '../../domain/roles.ts';

/** Environments that come and go with pull requests and branches (rule 6). Names are those of their environments: `pr-42`. */
export interface PreviewCommands {
  /** Newest push first; `closed`: those too for which there is nothing any more. */
  list(actor: Actor, project: string, closed: boolean): Promise<readonly PreviewView[]>;
  get(actor: Actor, project: string, name: string): Promise<PreviewView>;
  /** Opens it, or shows another commit there; recorded before it resolves. The same commit again changes nothing. */
  open(actor: Actor, project: string, input: NewPreview): Promise<PreviewView>;
  /** Until the next push. */
  close(actor: Actor, project: string, name: string): Promise<PreviewView>;
  /** Lets that commit of a fork be built. Error: `preview_changed`. */
  approve(actor: Actor, project: string, name: string, commit: string): Promise<PreviewView>;
  settings(actor: Actor, project: string): Promise<PreviewSettingsView>;
  /** Limits take effect with the next preview, the password and `noindex` within seconds. Error: `invalid_input`. */
  updateSettings(actor: Actor, project: string, change: PreviewSettingsChange): Promise<PreviewSettingsView>;
}

/** Whose API is told of the previews of a project, and asked for its pull requests. */
export interface ProviderCommands {
  /** null: none is set. */
  get(actor: Actor, project: string): Promise<ProviderFacts | null>;
  /** In place of what was set. Error: `invalid_input`. */
  set(actor: Actor, project: string, input: NewProvider): Promise<ProviderFacts>;
  /** With what it was still to be told. */
  remove(actor: Actor, project: string): Promise<void>;
  /** Whether deployments that are no previews are told, too; so it is unless somebody says otherwise. */
  tellDeployments(actor: Actor, project: string, tells: boolean): Promise<void>;
}

/** The GitHub App of the platform: it acts for every project without a token of its own whose repository it is installed on. */
export interface GitHubAppCommands {
  /** null: none is set. */
  get(actor: Actor): Promise<GitHubAppFacts | null>;
  /** In place of what was set; GitHub is asked whether it knows it. Errors: `invalid_input`, `provider_refused`, `provider_unavailable`. */
  set(actor: Actor, input: NewGitHubAppInput): Promise<GitHubAppFacts>;
  remove(actor: Actor): Promise<void>;
}

export interface NewGitHubAppInput {
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
  /** Default: that of github.com. */
  readonly apiUrl?: string;
}

/** What is left out follows from the address of the repository. */
export interface NewProvider extends Partial<Pick<ProviderFacts, 'kind' | 'apiUrl' | 'repository'>> {
  readonly token: string;
}

export interface PreviewView extends Preview {
  readonly state: PreviewState;
  /** At which it is reached; null while it has no environment. */
  readonly address: string | null;
  /** ISO 8601; null: it does not end by itself. */
  readonly expiresAt: string | null;
  /** The newest first. */
  readonly deploymentUrls: readonly { readonly number: number; readonly url: string }[];
}

export interface NewPreview {
  /** Of a pull request; without it, of the branch. */
  readonly pullRequest?: number;
  readonly branch: string;
  /** 40 hex digits; default: the head of the branch. */
  readonly commit?: string;
  readonly title?: string;
  readonly link?: string;
  readonly fromFork?: boolean;
}

export interface PreviewSettingsView extends PreviewSettings {
  /** Whether visitors are asked for one. */
  readonly password: boolean;
}

export type PreviewSettingsChange = Partial<PreviewSettings> & {
  /** null: visitors are asked for none. */
  readonly password?: string | null;
};
