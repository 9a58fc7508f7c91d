/** `<project>.<base>` for production, `<environment>-<project>.<base>` otherwise. */
export function environmentHost(project: string, environment: string, baseDomain: string): string {
  const label = environment === 'production' ? project : `${environment}-${project}`;
  return `${label}.${baseDomain}`;
}

/** A DNS label: also the rule for names of projects and environments. */
export const nameLabel = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

const reservedNames = new Set(['cutover', 'api', 'www', 'admin']);

export function isReservedName(name: string): boolean {
  return reservedNames.has(name);
}

/** `pr-42`, or what begins so: only previews of pull requests are called so, and only what they build is built apart. */
export function isPreviewName(name: string): boolean {
  return /^pr-\d+(?:-|$)/.test(name);
}
