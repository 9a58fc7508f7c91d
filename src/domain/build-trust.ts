import { isPreviewName } from './hosts.ts';

/**
 * Builds that may share what they leave behind: the caches of package managers and compilers, and the images themselves. A pull request's
 * build shares with nobody, not even with another one: what it writes must never be part of what production serves (rules 3.4 and 6).
 */
export function buildScope(environment: {
  readonly projectId: string;
  readonly environmentId: string;
  readonly environmentName: string;
}): string {
  const { projectId, environmentId, environmentName } = environment;
  // What a pull request builds was written by somebody who may have no say in the project.
  return isPreviewName(environmentName) ? `preview:${environmentId}` : `project:${projectId}`;
}
