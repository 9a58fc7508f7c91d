/**
 * Roles per project (rule 9.4), from most to least. A `deployer` is no person but a pipeline: it has a project always, and may have some of its
 * environments only.
 */
export const roles = ['owner', 'admin', 'developer', 'deployer', 'viewer'] as const;
export type Role = (typeof roles)[number];

/**
 * What a route needs. `follow`: deployments, their state and logs; `trigger`: to make new ones; `read`: everything else that is no secret;
 * `deploy`: whatever else changes what serves.
 */
export const permissions = ['follow', 'trigger', 'read', 'deploy', 'configure', 'administer'] as const;
export type Permission = (typeof permissions)[number];

const granted: Record<Role, readonly Permission[]> = {
  owner: permissions,
  admin: permissions,
  developer: ['follow', 'trigger', 'read', 'deploy', 'configure'],
  deployer: ['follow', 'trigger'],
  viewer: ['follow', 'read'],
};

export function allows(role: Role, permission: Permission): boolean {
  return granted[role].includes(permission);
}

/** Who is asking. A null project means every project. */
export interface Actor {
  readonly tokenId: string;
  readonly name: string;
  readonly role: Role;
  readonly project: string | null;
  /** Names of the only environments there are for it; left out: all of what it may reach. */
  readonly environments?: readonly string[];
}

/** `project` null: the request is not about one project, so a token bound to one may not make it. */
export function mayAccess(actor: Actor, permission: Permission, project: string | null): boolean {
  if (!allows(actor.role, permission)) return false;
  return actor.project === null || actor.project === project;
}

export function mayEnter({ environments }: Actor, environment: string): boolean {
  return environments === undefined || environments.includes(environment);
}

/** Whether it may end that deployment: who may only trigger may end what it has triggered itself. */
export function mayCancel(actor: Actor, { tokenId }: { readonly tokenId?: string }): boolean {
  return allows(actor.role, 'deploy') || (allows(actor.role, 'trigger') && tokenId === actor.tokenId);
}
