export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'deployment'
  | 'internal';

export interface CatalogueEntry {
  readonly kind: ErrorKind;
  /** What it means, for the documentation. */
  readonly meaning: string;
  /** What to do next, shown with every occurrence. */
  readonly next: string;
}

export function entry(kind: ErrorKind, meaning: string, next: string): CatalogueEntry {
  return { kind, meaning, next };
}
