/** What has to be known of a version to tell which one came before it. */
export interface KnownVersion {
  readonly deployment: { readonly id: string; readonly readyAt: string | null };
  /** The version that is kept warm for it; null where there is none. */
  readonly standbyId: string | null;
}

/**
 * The version before another one, to which one goes back from it: the one that is kept warm for it; where none is, the last that got
 * traffic before it did. Numbers do not tell: a rollback goes ahead of what was triggered earlier. `others`: those of the same
 * environment that are not over; null where none of them came before.
 */
export function versionBefore<V extends KnownVersion>(version: KnownVersion, others: readonly V[]): V | null {
  const { id, readyAt } = version.deployment;
  const earlier = others
    .filter(({ deployment }) => deployment.id !== id && isBefore(deployment.readyAt, readyAt))
    .toSorted((a, b) => (isBefore(a.deployment.readyAt, b.deployment.readyAt) ? -1 : 1));
  return others.find(({ deployment }) => deployment.id === version.standbyId) ?? earlier.at(-1) ?? null;
}

/** ISO 8601, so that text is enough to compare; what has had no traffic yet comes last. */
function isBefore(one: string | null, other: string | null): boolean {
  return one !== null && (other === null || one < other);
}
