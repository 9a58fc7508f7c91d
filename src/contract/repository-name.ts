import { ofPlatform } from '../domain/platform-repository.ts';

/** Where a project's code is, for people; a dash where it has none. */
export function repositoryName(repository: string | null): string {
  if (repository === null) return '-';
  return ofPlatform(repository) === null ? repository : 'kept by the platform';
}
