import { CutoverError } from '../../domain/errors.ts';
import { mayAccess, mayEnter, type Actor, type Permission } from '../../domain/roles.ts';

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

/** The same for an environment of a project that it may reach: of one that is not for it, it is not to learn that there is one. */
export function requireEnvironment(actor: Actor, project: string, environment: string): void {
  if (!mayEnter(actor, environment)) noEnvironment(project, environment);
}

export function noEnvironment(project: string, name: string): never {
  throw new CutoverError('not_found', `the project "${project}" has no environment "${name}"`);
}
