import { repositoryIdentity } from './repository-identity.ts';

/** The GitHub App of the platform, as it is shown: its private key never is. */
export interface GitHubAppFacts {
  readonly appId: string;
  /** In addresses of GitHub's: `https://github.com/apps/<slug>`. */
  readonly slug: string;
  /** `https://api.github.com`, or `https://git.example/api/v3` of an Enterprise Server; without a slash at its end. */
  readonly apiUrl: string;
  /** 8 hex digits that are the same for the same key. */
  readonly fingerprint: string;
  readonly setBy: string;
  /** ISO 8601. */
  readonly setAt: string;
  /** Why GitHub did not take the App as it is when it was last asked; null: it did. */
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
}

/** What GitHub knows the App by. */
export interface GitHubApp extends Pick<GitHubAppFacts, 'appId' | 'apiUrl'> {
  /** PEM. */
  readonly privateKey: string;
}

/** Whether the App may act for a repository: `missing`: it is not installed there; `suspended`: somebody has switched it off there. */
export const installationStates = ['installed', 'missing', 'suspended'] as const;
export type InstallationState = (typeof installationStates)[number];

/** What a token is for: no more is asked of GitHub than that. */
export type TokenPurpose = 'api' | 'contents';

/** Where repositories are read and people look, as scheme, host and port: `https://github.com` of `https://api.github.com`. */
export function webOrigin(apiUrl: string): string {
  const [, scheme = '', host = ''] = /^(https?:\/\/)([^/]+)/.exec(apiUrl) ?? [];
  return `${scheme}${/^api\.((?:[\w-]+\.)?(?:github|ghe)\.com)$/.exec(host)?.[1] ?? host}`;
}

/** As GitHub names the repository, `owner/name`, where it is on the App's GitHub; else null. */
export function repositoryOnGitHub(address: string | null, apiUrl: string): string | null {
  const [host, owner, name, ...more] = (repositoryIdentity(address ?? '') ?? '').split('/');
  if (host === undefined || owner === undefined || name === undefined || more.length > 0) return null;
  const named = [owner, name].every((part) => /^(?!\.{1,2}$)[\w.-]{1,100}$/.test(part));
  return named && hostsOf(apiUrl).includes(host) ? `${owner}/${name}` : null;
}

/** By ssh the port is another one, and not named. */
function hostsOf(apiUrl: string): readonly string[] {
  const host = webOrigin(apiUrl)
    .replace(/^https?:\/\//, '')
    .toLowerCase();
  return [host, host.replace(/:\d+$/, ''), 'ssh.github.com:443'].slice(0, host === 'github.com' ? 3 : 2);
}
