import { CutoverError } from '../../contract/errors.ts';
import type { Actor } from '../../domain/roles.ts';
import type { TokenCommands } from '../../engine/commands/commands.ts';
import { authenticate } from '../authorize.ts';

/** Git asks for a user name and a password: the password is the token, and the name is not looked at. Error: `unauthenticated`. */
export async function authenticateGit(tokens: TokenCommands, header: string | undefined): Promise<Actor> {
  const basic = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '')?.[1];
  if (basic === undefined) return authenticate(tokens, header);
  const pair = Buffer.from(basic, 'base64').toString('utf8');
  const token = pair.slice(pair.indexOf(':') + 1);
  if (!pair.includes(':') || !/^[\x21-\x7e]+$/.test(token))
    throw new CutoverError('unauthenticated', 'the password that was given is no token');
  return authenticate(tokens, `Bearer ${token}`);
}
