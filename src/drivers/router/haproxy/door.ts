/** The host at which callers from outside reach the platform itself, and where it answers. */
export interface PlatformDoor {
  readonly host: string;
  /** `unix@/path/to/socket` or `host:port`. */
  readonly endpoint: string;
  /** What every path that is passed on begins with; there is nothing else. */
  readonly paths: readonly string[];
}

/**
 * Where requests go whose host has no route: that is looked up for every request anyway, so that the door costs nobody else anything. While
 * the platform is down they are answered with 503 and `Retry-After`. Bodies pass as they come, and an answer may take as long as a deployment.
 */
export function renderDoor(door: PlatformDoor | undefined): string {
  const nobody = 'backend nobody from front\n';
  if (door === undefined) return `${nobody}  http-request deny deny_status 404\n`;
  return `${nobody}  http-request deny deny_status 404 unless { req.hdr(host),field(1,:),lower -m str ${door.host} } { path_beg ${door.paths.join(' ')} }
  http-reuse never
  timeout server 1h
  server platform ${door.endpoint}
`;
}
