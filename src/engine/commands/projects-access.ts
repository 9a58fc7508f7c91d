import { CutoverError } from '../../domain/errors.ts';
import { mayAccess, type Actor, type Permission } from '../../domain/roles.ts';

/**
 * Lets the actor pass or throws: `not_found` where its token is bound to another project (it is not to learn that there is one),
 * `forbidden` where the role does not grant it. `project` null: not about one project.
 */
export function requireAccess(actor: Actor, permission: Permission, project: string | null): void {
  if (mayAccess(actor, permission, project)) return;
  if (project !== null && actor.project !== null && actor.project !== project) {
    throw new CutoverError('not_found', `there is no project "${project}"`);
  }
  const scope = actor.project === null ? '' : ` in the project "${actor.project}"`;
  throw new CutoverError('forbidden', `"${actor.name}" is ${actor.role}${scope} and may not do this (${permission})`);
}
