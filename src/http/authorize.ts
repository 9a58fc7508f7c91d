import type { Access } from '../contract/endpoint.ts';
import { CutoverError } from '../contract/errors.ts';
import { mayAccess, type Actor } from '../domain/roles.ts';
import type { TokenCommands } from '../engine/commands/commands.ts';

/** The actor behind an `Authorization` header. Error: `unauthenticated`. */
export async function authenticate(tokens: TokenCommands, header: string | undefined): Promise<Actor> {
  const secret = /^Bearer +([\x21-\x7e]+) *$/i.exec(header ?? '')?.[1];
  if (secret === undefined) throw new CutoverError('unauthenticated', 'the request carries no bearer token');
  const actor = await tokens.authenticate(secret);
  if (actor === null) throw new CutoverError('unauthenticated', 'the token is unknown, has expired or was revoked');
  return actor;
}

/**
 * What the endpoint table promises, checked before anything else is looked at; the commands check again what they touch.
 * A project the actor may not see is `not_found`, so that names cannot be probed.
 */
export function authorize(access: Access, actor: Actor, project: string | null): void {
  if (access.kind !== 'permission') return;
  const target = access.on === 'project' ? project : null;
  if (mayAccess(actor, access.permission, target)) return;
  if (target !== null && !mayAccess(actor, 'follow', target)) {
    throw new CutoverError('not_found', `there is no project "${target}"`);
  }
  const scope = target === null ? 'on the whole installation' : `on the project "${target}"`;
  throw new CutoverError('forbidden', `the token "${actor.name}" lacks the permission "${access.permission}" ${scope}`);
}
