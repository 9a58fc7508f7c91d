import type { InstallationEvent } from '../../domain/repository-event.ts';
import type { GitHubApps, GitHubAppStore } from '../ports/github-app.ts';

export interface RefusalDependencies {
  readonly githubApp: Pick<GitHubAppStore, 'doubtOne'>;
  readonly githubApps: Pick<GitHubApps, 'forget'>;
  /** Where the App is installed is to be asked for, as soon as GitHub may be asked. */
  readonly look: () => void;
}

/** What GitHub has refused for one project says nothing of others, and that GitHub can be reached no sooner. */
export interface Refusal {
  readonly projectId: string;
  readonly installationId: string;
}

export interface InstallationDependencies {
  readonly githubApp: Pick<GitHubAppStore, 'doubt'>;
  readonly githubApps: Pick<GitHubApps, 'forget'>;
  /** Where the App is installed is to be asked for now. */
  readonly wake: () => void;
}

/**
 * Has GitHub asked anew for what the event is about, as events come late and in any order. Resolves to the projects for which the App acted
 * by that installation. The same again does no harm.
 */
export type ApplyInstallationEvent = (
  event: InstallationEvent,
) => Promise<readonly { readonly id: string; readonly name: string }[]>;

export async function applyInstallationEvent(
  { githubApp, githubApps, wake }: InstallationDependencies,
  installation: string,
): ReturnType<ApplyInstallationEvent> {
  githubApps.forget(installation);
  const projects = await githubApp.doubt(installation);
  wake();
  return projects;
}

/** Has GitHub asked whether the App may act there still. */
export async function doubtRefused(
  { githubApp, githubApps, look }: RefusalDependencies,
  { projectId, installationId }: Refusal,
): Promise<void> {
  githubApps.forget(installationId);
  await githubApp.doubtOne(projectId);
  look();
}
