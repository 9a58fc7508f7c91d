import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../domain/errors.ts';
import type { SecretBox } from '../../engine/ports/secret-box.ts';

export interface SecretBoxOptions {
  /** Directory of the keys, for this user alone. Whoever has it and the database can read every secret: back both up, apart. */
  readonly dir: string;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const keyFile = /^([0-9]{4}-[0-9a-f]{8})\.key$/;

/**
 * Opens the box with every key of the directory, making the first where there is none. The newest key (by name) seals, all
 * open. Sealed text is `<key id>.<base64url of nonce, ciphertext and tag>`; the row is the additional authenticated data.
 */
export async function openSecretBox({ dir }: SecretBoxOptions): Promise<SecretBox> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const keys = await readKeys(dir);
  if (keys.size === 0) {
    await makeKey(dir);
    return openSecretBox({ dir });
  }
  const newest = [...keys.keys()].toSorted().at(-1) ?? '';
  return {
    seal: (plain, row) => seal({ id: newest, key: keyOf(keys, newest) }, plain, row),
    open(sealed, row) {
      const [id = '', text = ''] = sealed.split('.', 2);
      return unseal(keyOf(keys, id), Buffer.from(text, 'base64url'), row);
    },
  };
}

function seal({ id, key }: { readonly id: string; readonly key: Buffer }, plain: string, row: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(row));
  const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${id}.${sealed.toString('base64url')}`;
}

function unseal(key: Buffer, sealed: Buffer, row: string): string {
  try {
    const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes))
      .setAAD(Buffer.from(row))
      .setAuthTag(sealed.subarray(-tagBytes));
    return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
  } catch (cause) {
    throw new CutoverError('internal', `a secret of ${row} cannot be opened: it was changed, or belongs to another row`, { cause });
  }
}

function keyOf(keys: ReadonlyMap<string, Buffer>, id: string): Buffer {
  const key = keys.get(id);
  if (key === undefined) throw new CutoverError('internal', `the key ${id} is not in the directory of keys: restore it from the backup`);
  return key;
}

async function readKeys(dir: string): Promise<Map<string, Buffer>> {
  const keys = new Map<string, Buffer>();
  for (const name of await readdir(dir)) {
    const id = keyFile.exec(name)?.[1];
    if (id === undefined) continue;
    const key = Buffer.from((await readFile(join(dir, name), 'utf8')).trim(), 'hex');
    if (key.length !== keyBytes) throw new CutoverError('internal', `the key file ${name} is damaged: restore it from the backup`);
    keys.set(id, key);
  }
  return keys;
}

/** On disk before it is used: a secret sealed with a key that was lost could never be read. */
async function makeKey(dir: string): Promise<void> {
  const id = `0001-${randomBytes(4).toString('hex')}`;
  await using file = await open(join(dir, `${id}.key`), 'wx', 0o600);
  await file.writeFile(`${randomBytes(keyBytes).toString('hex')}\n`);
  await file.sync();
}
