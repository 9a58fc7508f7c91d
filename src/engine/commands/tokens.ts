import { CutoverError } from '../../domain/errors.ts';
import { roles, type Actor, type Role } from '../../domain/roles.ts';
import type { NewTokenRecord, TokenStore } from '../ports/configuration-store.ts';
import type { Random } from '../ports/random.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import type { CreatedToken, NewToken, TokenCommands } from './commands.ts';

export interface TokenDependencies {
  readonly store: TokenStore;
  readonly random: Random;
  /** A secret nobody can guess: 256 random bits. */
  readonly newToken: () => string;
  /** A plain hash is enough for so many bits: the same for the same secret. */
  readonly hashToken: (secret: string) => string;
}

export function tokenCommands(dependencies: TokenDependencies): TokenCommands {
  const { store, hashToken } = dependencies;
  return {
    authenticate: (secret) => store.authenticate(hashToken(secret)),
    async create(actor, input) {
      requireAccess(actor, 'administer', null);
      checkGrant(actor, input.name, input.role);
      checkScope(input);
      return create(dependencies, input);
    },
    async list(actor) {
      requireAccess(actor, 'administer', null);
      return store.list();
    },
    async revoke(actor, id) {
      requireAccess(actor, 'administer', null);
      if (await store.revoke(id)) return;
      throw new CutoverError('not_found', `there is no token with the id "${id}"`);
    },
  };
}

/**
 * For the daemon's start: makes a token that may do everything, unless there is a valid one that may administer everything (so
 * a platform whose last such token was revoked gets a new one at its next start). `save` keeps the secret, and comes before
 * the token counts: if it fails, or we are killed, the next start makes another. True when one was made.
 */
export async function bootstrapAdminToken(
  dependencies: TokenDependencies,
  save: (secret: string) => Promise<void>,
): Promise<boolean> {
  const { secret, record } = fresh(dependencies, 'admin', 'owner');
  return (await dependencies.store.createFirst(record, () => save(secret))) !== null;
}

async function create(
  dependencies: TokenDependencies,
  { name, role, project, environments = null, expiresInMs = null }: NewToken,
): Promise<CreatedToken> {
  const { secret, record } = fresh(dependencies, name, role);
  const token = await dependencies.store.create(record, { project, environments, expiresInMs });
  if (token !== null) return { ...token, secret };
  if (environments === null) noProject(project ?? '');
  throw new CutoverError('not_found', `there is no project "${project}" with ${environments.join(', ')}`);
}

/** Of the others an environment is not asked for everywhere. */
function checkScope({ role, project, environments = null }: NewToken): void {
  if (role === 'deployer' && project === null)
    throw new CutoverError('invalid_input', 'a token that may only deploy is for one project: name it');
  if (role !== 'deployer' && environments !== null)
    throw new CutoverError('invalid_input', 'environments can be named for tokens of the role deployer only');
}

function fresh(
  { random, newToken, hashToken }: TokenDependencies,
  name: string,
  role: Role,
): { readonly secret: string; readonly record: NewTokenRecord } {
  const secret = newToken();
  return { secret, record: { id: random.id(), name, role, secretHash: hashToken(secret) } };
}

/** Nobody gives away a role above their own. */
function checkGrant(actor: Actor, name: string, role: Role): void {
  if (!/^[^\p{Cc}]{1,100}$/u.test(name)) {
    throw new CutoverError('invalid_input', 'name must have 1 to 100 printable characters');
  }
  if (!roles.includes(role)) throw new CutoverError('invalid_input', `role must be one of ${roles.join(', ')}`);
  if (roles.indexOf(role) < roles.indexOf(actor.role)) {
    throw new CutoverError('forbidden', `"${actor.name}" is ${actor.role} and cannot make a token for ${role}`);
  }
}
