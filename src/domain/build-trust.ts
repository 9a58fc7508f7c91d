/** Environments that stand for a pull request: what they build was written by somebody who may have no say in the project. */
const ofPullRequest = /^pr-\d+$/;

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
  return ofPullRequest.test(environmentName) ? `preview:${environmentId}` : `project:${projectId}`;
}
