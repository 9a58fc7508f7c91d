/** Roles per project (rule 9.4), from most to least. */
export const roles = ['owner', 'admin', 'developer', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** What a route needs. `read` sees no secret values. */
export const permissions = ['read', 'deploy', 'configure', 'administer'] as const;
export type Permission = (typeof permissions)[number];

const granted: Record<Role, readonly Permission[]> = {
  owner: ['read', 'deploy', 'configure', 'administer'],
  admin: ['read', 'deploy', 'configure', 'administer'],
  developer: ['read', 'deploy', 'configure'],
  viewer: ['read'],
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
}

/** `project` null: the request is not about one project, so a token bound to one may not make it. */
export function mayAccess(actor: Actor, permission: Permission, project: string | null): boolean {
  if (!allows(actor.role, permission)) return false;
  return actor.project === null || actor.project === project;
}
