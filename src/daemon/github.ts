import type { Kysely } from 'kysely';
import { repositoryOnGitHub } from '../domain/github-app.ts';
import type { GitHubApps, GitHubAppStore } from '../engine/ports/github-app.ts';
import type { OpenProvider } from '../engine/ports/provider.ts';
import { contentsToken } from '../engine/previews/provider-access.ts';
import { addressRule } from '../drivers/outgoing/internal-addresses.ts';
import { outgoingFetch } from '../drivers/outgoing/outgoing-fetch.ts';
import { createGitHubApps } from '../drivers/provider/github/app/github-apps.ts';
import { createProviders } from '../drivers/provider/open-provider.ts';
import { createGitHubAppStore } from '../store/github-app.ts';
import type { Database } from '../store/schema.ts';
import type { Config } from './config.ts';
import type { AppTokensWith } from './drivers.ts';

/** The clients of providers' APIs, and the platform's GitHub App with them. */
export interface GitHub {
  readonly openProvider: OpenProvider;
  readonly githubApp: GitHubAppStore;
  readonly githubApps: GitHubApps;
  readonly tokens: AppTokensWith;
}

export function composeGitHub({ allowInternal }: Pick<Config, 'allowInternal'>, db: Kysely<Database>): GitHub {
  const fetch = outgoingFetch(addressRule(allowInternal));
  const githubApp = createGitHubAppStore(db);
  const githubApps = createGitHubApps(fetch);
  return {
    openProvider: createProviders(fetch),
    githubApp,
    githubApps,
    tokens: (secretBox) => (address, signal) => contentsToken({ secretBox, githubApp, githubApps }, address, signal),
  };
}

/** Whether it is a repository on the GitHub of the platform's App, for which that may be asked. */
export function isReadByApp(db: Kysely<Database>): (repository: string) => Promise<boolean> {
  return async (repository) => {
    const app = await createGitHubAppStore(db).find();
    return app !== null && repositoryOnGitHub(repository, app.apiUrl) !== null;
  };
}
