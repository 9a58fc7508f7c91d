/**
 * A directory that steps find again in the next build, and that is part of no image. Whoever builds puts the project in front of its id, which is the
 * path: one project's build sees nothing of another's.
 */
export interface CacheMount {
  /** Absolute path in the build. */
  readonly target: string;
  /** `shared`: what writes there expects others to; `locked`: one build at a time; `private`: a second build at a time begins with an empty one. */
  readonly sharing: 'shared' | 'locked' | 'private';
}

/** The same lines, with these directories for every command that is run. */
export function withCaches(lines: readonly string[], caches: readonly CacheMount[]): readonly string[] {
  if (caches.length === 0) return lines;
  const mounts = caches.map(({ target, sharing }) => `--mount=type=cache,target=${target},sharing=${sharing}`);
  return lines.map((line) => line.replace(/^RUN /, `RUN ${mounts.join(' ')} `));
}
