import { repositoryOnGitHub, type GitHubApp } from '../../domain/github-app.ts';
import type { ProviderAccess } from '../../domain/provider.ts';
import type { GitHubApps, GitHubAppStore, SealedGitHubApp } from '../ports/github-app.ts';
import { ProviderError } from '../ports/provider.ts';
import type { SealedAccess } from '../ports/provider-store.ts';
import type { SecretBox } from '../ports/secret-box.ts';

/** `id`: of the row, another one for every token. */
export function sealProviderToken(box: SecretBox, id: string, token: string): string {
  return box.seal(token, row(id));
}

/** `id`: of the row, another one for every key. */
export function sealAppKey(box: SecretBox, id: string, privateKey: string): string {
  return box.seal(privateKey, appRow(id));
}

export function openApp(box: SecretBox, { id, sealed, appId, apiUrl }: SealedGitHubApp): GitHubApp {
  return { appId, apiUrl, privateKey: box.open(sealed, appRow(id)) };
}

export interface AccessDependencies {
  readonly secretBox: SecretBox;
  readonly githubApp: Pick<GitHubAppStore, 'sealed'>;
  readonly githubApps: GitHubApps;
}

/** With the project's own token, or one that the App gets for this repository alone. Error: `ProviderError`. */
export async function openProviderAccess(
  { secretBox, githubApp, githubApps }: AccessDependencies,
  access: SealedAccess,
  signal: AbortSignal,
): Promise<ProviderAccess> {
  const { id, kind, apiUrl, repository, sealed, installationId } = access;
  if (sealed !== null) return { kind, apiUrl, repository, token: secretBox.open(sealed, row(id)) };
  const app = await githubApp.sealed();
  if (app === null || app.apiUrl !== apiUrl)
    throw new ProviderError('provider_unavailable', 'the GitHub App is another one since');
  const request = { installationId, repository, purpose: 'api' } as const;
  return { kind, apiUrl, repository, token: await githubApps.token(openApp(secretBox, app), request, signal) };
}

/** What reads the repository at `address` over HTTP by the App, and nothing else; null: it may not. Error: `ProviderError`. */
export async function contentsToken(
  { secretBox, githubApp, githubApps }: AccessDependencies,
  address: string,
  signal: AbortSignal,
): Promise<string | null> {
  const sealed = await githubApp.sealed();
  const repository = sealed === null ? null : repositoryOnGitHub(address, sealed.apiUrl);
  if (sealed === null || repository === null) return null;
  const app = openApp(secretBox, sealed);
  const { state, id } = await githubApps.installation(app, repository, signal);
  if (state !== 'installed') return null;
  return githubApps.token(app, { installationId: id, repository, purpose: 'contents' }, signal);
}

function row(id: string): string {
  return `provider_access:${id}:sealed`;
}

function appRow(id: string): string {
  return `github_app:${id}:sealed`;
}
