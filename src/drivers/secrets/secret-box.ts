import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import type { SecretBox } from '../../engine/ports/secret-box.ts';
import { createKey, readKeys, type SecretKey } from './key-files.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Seals with the newest key of `dir`, opens with any of them; makes the first key if there is none. A sealed value is
 * `v1.<key id>.<base64url of nonce, ciphertext, tag>`; row and key id are authenticated with it.
 * Errors of `open`: `internal`, when the key is missing, the row is another one, or the text was changed.
 */
export async function openSecretBox(options: { readonly dir: string }): Promise<SecretBox> {
  let keys = await readKeys(options.dir);
  if (keys.length === 0) {
    await createKey(options.dir);
    keys = await readKeys(options.dir);
  }
  const newest = keys.at(-1);
  if (newest === undefined) throw new CutoverError('internal', `No key could be made in ${options.dir}.`);
  const byId = new Map(keys.map((key) => [key.id, key]));
  return {
    seal: (plain, row) => seal(newest, plain, row),
    open: (sealed, row) => open(byId, sealed, row),
    fingerprint: (text, purpose) => fingerprint(newest, text, purpose),
  };
}

function associatedData(keyId: string, row: string): Buffer {
  return Buffer.from(`v1\0${keyId}\0${row}`);
}

function seal(key: SecretKey, plain: string, row: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key.bytes, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associatedData(key.id, row));
  const sealed = [nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `v1.${key.id}.${Buffer.concat(sealed).toString('base64url')}`;
}

function open(keys: ReadonlyMap<string, SecretKey>, sealed: string, row: string): string {
  const [version, keyId = '', text = ''] = sealed.split('.');
  const bytes = Buffer.from(text, 'base64url');
  if (version !== 'v1' || bytes.length < nonceBytes + tagBytes) throw unreadable(row, 'it is not a sealed value');
  const key = keys.get(keyId);
  if (key === undefined) throw unreadable(row, `its key ${keyId} is not on this machine`);
  const decipher = createDecipheriv(algorithm, key.bytes, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(associatedData(key.id, row));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw unreadable(row, 'it was changed, or sealed for another row', cause);
  }
}

/** By a key of its own for each purpose, so that fingerprints tell nothing about what is sealed, nor about each other. */
function fingerprint({ bytes }: SecretKey, text: string, purpose: string): string {
  const key = createHmac('sha256', bytes).update(`fingerprint\0${purpose}`).digest();
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32);
}

function unreadable(row: string, reason: string, cause?: unknown): CutoverError {
  return new CutoverError('internal', `The encrypted value of ${row} cannot be opened: ${reason}.`, { cause });
}
