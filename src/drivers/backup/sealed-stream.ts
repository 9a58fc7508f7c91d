import { createCipheriv, createDecipheriv, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { ByteSource } from './byte-source.ts';

/** The first bytes of a sealed file. */
export const sealedMagic = Buffer.from('cutover-sealed-1\n');

const algorithm = 'aes-256-gcm';
const recordBytes = 64 * 1024;
const tagBytes = 16;
const saltBytes = 16;
const keyBytes = 32;
/** Tells a wrong passphrase from a damaged file. */
const checkBytes = 16;
/** 128 MiB and about half a second: what every guess at a passphrase costs. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

/**
 * Encrypts: magic, salt, check, then records of 64 KiB, each by AES-256-GCM under a key that scrypt makes of passphrase and salt. A record's
 * nonce is its number and whether it is the last, so that records cannot be changed, moved, left out or cut off (the construction STREAM).
 */
export async function* seal(source: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Buffer, void> {
  const salt = randomBytes(saltBytes);
  const { key, check } = await derive(passphrase, salt);
  yield Buffer.concat([sealedMagic, salt, check]);
  await using bytes = new ByteSource(source);
  let last = false;
  for (let number = 0; !last; number += 1) {
    const plain = await bytes.take(recordBytes);
    last = await bytes.isAtEnd();
    const cipher = createCipheriv(algorithm, key, nonce(number, last), { authTagLength: tagBytes });
    yield Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }
}

/** The other way, from after the magic. Errors: `backup_locked` for a wrong passphrase, `backup_invalid` for what was changed or cut off. */
export async function* unseal(bytes: ByteSource, passphrase: string): AsyncGenerator<Buffer, void> {
  const salt = await bytes.take(saltBytes);
  const { key, check } = await derive(passphrase, salt);
  const given = await bytes.take(checkBytes);
  if (given.length < checkBytes) throw cutOff();
  if (!timingSafeEqual(given, check))
    throw new CutoverError('backup_locked', 'the passphrase is not that of the backup');
  let last = false;
  for (let number = 0; !last; number += 1) {
    const record = await bytes.take(recordBytes + tagBytes);
    last = await bytes.isAtEnd();
    yield openRecord(record, key, nonce(number, last));
  }
}

function openRecord(record: Buffer, key: Buffer, iv: Buffer): Buffer {
  if (record.length < tagBytes) throw cutOff();
  const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes });
  decipher.setAuthTag(record.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(record.subarray(0, -tagBytes)), decipher.final()]);
  } catch (cause) {
    throw new CutoverError('backup_invalid', 'the backup was changed or cut off after it was written', { cause });
  }
}

function nonce(number: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(number, 5, 6);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

function derive(passphrase: string, salt: Buffer): Promise<{ readonly key: Buffer; readonly check: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ key: Buffer; check: Buffer }>();
  scrypt(passphrase, salt, keyBytes + checkBytes, cost, (error, derived) => {
    if (error !== null) return reject(error);
    return resolve({ key: derived.subarray(0, keyBytes), check: derived.subarray(keyBytes) });
  });
  return promise;
}

function cutOff(): CutoverError {
  return new CutoverError('backup_invalid', 'the backup is cut off');
}
