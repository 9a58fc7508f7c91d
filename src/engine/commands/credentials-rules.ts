import { createHash } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import type { RepositoryCredential } from '../../domain/repository-credential.ts';
import type { SecretBox } from '../ports/secret-box.ts';

const longestToken = 4_096;
const longestKey = 32_768;
const keyText = /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END OPENSSH PRIVATE KEY-----\n$/;
const magic = Buffer.from('openssh-key-v1\0');

/** Throws `invalid_input`, which never holds the token. */
export function checkToken(username: string, token: string): void {
  if (!/^[\x21-\x39\x3b-\x7e]{1,255}$/.test(username))
    invalid('the user name must be of printable characters without : and spaces');
  if (token.length === 0 || token.length > longestToken || !/^[\x21-\x7e]+$/.test(token))
    invalid(`the token must be 1 to ${longestToken} printable characters without spaces`);
}

/** The key as ssh takes it. Throws `invalid_input`, which never holds anything of it. */
export function checkDeployKey(text: string): string {
  const key = `${text.replaceAll('\r\n', '\n').trim()}\n`;
  if (key.length > longestKey || !keyText.test(key)) {
    invalid(
      'the deploy key must be a private key in the format of OpenSSH: `ssh-keygen -t ed25519 -N "" -f deploy_key` makes one',
    );
  }
  publicKeyOf(key);
  return key;
}

export function fingerprintOf(credential: RepositoryCredential, box: SecretBox): string {
  if (credential.kind === 'token') return box.fingerprint(credential.token, 'repository token').slice(0, 8);
  const hash = createHash('sha256').update(publicKeyOf(credential.privateKey)).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}

/** `openssh-key-v1\0`, then texts with their length before them: cipher, kdf, its options; the number of keys; the public key. */
function publicKeyOf(key: string): Buffer {
  const bytes = Buffer.from(keyText.exec(key)?.[1] ?? '', 'base64');
  if (!bytes.subarray(0, magic.length).equals(magic)) invalid('the deploy key is damaged');
  const cipher = lengthened(bytes, magic.length);
  if (cipher.text.toString() !== 'none')
    invalid('the deploy key has a passphrase: give one without (`ssh-keygen -p` removes it)');
  const kdf = lengthened(bytes, cipher.end);
  const options = lengthened(bytes, kdf.end);
  return lengthened(bytes, options.end + 4).text;
}

function lengthened(bytes: Buffer, at: number): { readonly text: Buffer; readonly end: number } {
  const start = at + 4;
  const end = start <= bytes.length ? start + bytes.readUInt32BE(at) : Infinity;
  if (end > bytes.length) invalid('the deploy key is damaged');
  return { text: bytes.subarray(start, end), end };
}

function invalid(message: string): never {
  throw new CutoverError('invalid_input', message);
}
