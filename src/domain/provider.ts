import type { InstallationState } from './github-app.ts';

/** Where a repository is kept, by whom its pull requests are asked for. */
export const providerKinds = ['github', 'gitlab', 'gitea', 'bitbucket'] as const;
export type ProviderKind = (typeof providerKinds)[number];

/** Of a project: who is told of its previews and deployments. Forgejo is a `gitea`. */
export interface ProviderFacts {
  readonly kind: ProviderKind;
  /** Of the API, without a slash at its end: `https://api.github.com`, `https://gitlab.example/api/v4`. */
  readonly apiUrl: string;
  /** As the provider names it: `owner/name`. */
  readonly repository: string;
  /** 8 hex digits that are the same for the same token, or key of the App. */
  readonly fingerprint: string;
  /** Whether the GitHub App may act for the repository; null: the project has a token of its own. */
  readonly installation: InstallationState | null;
  /** Whether deployments that are no previews are told, too. */
  readonly tellsDeployments: boolean;
  /** Who set it. */
  readonly setBy: string;
  /** ISO 8601. */
  readonly setAt: string;
  /** What the last call came to that did not succeed; null: nothing since it was set. */
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
}

export interface ProviderAccess extends Pick<ProviderFacts, 'kind' | 'apiUrl' | 'repository'> {
  readonly token: string;
}

export type ReportState = 'pending' | 'success' | 'failure' | 'inactive';

/** Something that a provider is to be told. What is told later of the same topic takes its place. */
export type ProviderMessage =
  | { readonly kind: 'comment'; readonly pullRequest: number; readonly marker: string; readonly body: string }
  | {
      readonly kind: 'commit-status';
      readonly commit: string;
      readonly context: string;
      readonly state: Exclude<ReportState, 'inactive'>;
      readonly description: string;
      readonly url: string | null;
    }
  | {
      readonly kind: 'deployment-status';
      readonly environment: string;
      /** null: of no commit in particular; only for `inactive`. */
      readonly commit: string | null;
      readonly branch: string;
      readonly state: ReportState;
      readonly description: string;
      readonly url: string | null;
    }
  /** Of one commit in an environment that lasts: what becomes of it says nothing of the environment's other ones. */
  | {
      readonly kind: 'commit-deployment';
      readonly environment: string;
      readonly production: boolean;
      readonly commit: string;
      readonly branch: string;
      readonly state: ReportState;
      readonly description: string;
      readonly url: string | null;
    };

/** Messages of one topic replace each other while they wait. */
export function messageTopic(message: ProviderMessage): string {
  switch (message.kind) {
    case 'comment':
      return `comment:${message.pullRequest}:${message.marker}`;
    case 'commit-status':
      return `commit-status:${message.commit}:${message.context}`;
    case 'deployment-status':
      return `deployment-status:${message.environment}`;
    case 'commit-deployment':
      return `commit-deployment:${message.environment}:${message.commit}`;
  }
}

/** A pull request as the provider has it now. */
export interface PullRequestState {
  readonly number: number;
  readonly open: boolean;
  readonly merged: boolean;
  readonly title: string;
  readonly link: string;
  readonly branch: string;
  /** 40 hex digits; null: the provider tells the first ones only. */
  readonly commit: string | null;
  readonly fromFork: boolean;
}

/** What can be told from the address of a repository on one of the big providers; null: it has to be said. */
export function knownProvider(repositoryUrl: string): Pick<ProviderFacts, 'kind' | 'apiUrl' | 'repository'> | null {
  const match = /^(?:[a-z+]+:\/\/(?:[^@/]*@)?|[^@/]+@)([^/:]+)(?::\d+)?[/:](.+?)(?:\.git)?\/?$/.exec(repositoryUrl);
  const [, host = '', repository = ''] = match ?? [];
  const known = knownHosts[host.toLowerCase()];
  return known === undefined ? null : { ...known, repository };
}

const knownHosts: Readonly<Record<string, Pick<ProviderFacts, 'kind' | 'apiUrl'>>> = {
  'github.com': { kind: 'github', apiUrl: 'https://api.github.com' },
  'gitlab.com': { kind: 'gitlab', apiUrl: 'https://gitlab.com/api/v4' },
  'codeberg.org': { kind: 'gitea', apiUrl: 'https://codeberg.org/api/v1' },
  'gitea.com': { kind: 'gitea', apiUrl: 'https://gitea.com/api/v1' },
  'bitbucket.org': { kind: 'bitbucket', apiUrl: 'https://api.bitbucket.org/2.0' },
};
