const scheme = 'platform:';

/** A repository that the platform keeps itself, for one project: as an address that only the platform gives, and only it can read. */
export function platformRepository(projectId: string): string {
  return `${scheme}${projectId}`;
}

/** Id of the project whose repository it is; null for an address anywhere else. */
export function ofPlatform(repository: string | null): string | null {
  return repository?.startsWith(scheme) === true ? repository.slice(scheme.length) : null;
}
