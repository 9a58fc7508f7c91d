import { createHash, randomBytes } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';

/** The user name that visitors of a preview give. */
export const visitorName = 'preview';

const shortest = 8;
const longest = 200;

/**
 * `<salt>:<digest>`, both as lower case hex, by which the router knows the password without having it: SHA-256 of the salt's digits followed
 * by the base64 text that a browser sends.
 */
export function passwordVerifier(password: string): string {
  const salt = randomBytes(16).toString('hex');
  const sent = Buffer.from(`${visitorName}:${password}`).toString('base64');
  return `${salt}:${createHash('sha256').update(`${salt}${sent}`).digest('hex')}`;
}

/** Throws `invalid_input`, which never holds it. */
export function checkPassword(password: string): void {
  if (password.length >= shortest && password.length <= longest && !/\p{Cc}/u.test(password)) return;
  throw new CutoverError('invalid_input', `the password must be ${shortest} to ${longest} characters`);
}
