import { CutoverError } from '../../../src/domain/errors.ts';
import type { SecretBox } from '../../../src/engine/ports/secret-box.ts';

/**
 * Hides without being safe, and the same text comes out alike each time, so that histories can be repeated: what is sealed does not hold
 * the plain text in any form that is looked for (itself, base64, hex), and opens only under its row and unchanged.
 */
export class MemorySecretBox implements SecretBox {
  readonly #key: string;

  /** `key`: what another one seals does not open. */
  constructor(key = 'key') {
    this.#key = key;
  }

  seal(plain: string, row: string): string {
    const bytes = Buffer.from(plain);
    return `v1.memory.${this.#sumOf(plain, row)}${scrambled(bytes).toString('base64url')}`;
  }

  /** Error: `internal`. */
  open(sealed: string, row: string): string {
    const text = /^v1\.memory\.([\w-]{8,})$/.exec(sealed)?.[1];
    if (text === undefined) throw unreadable(row, 'it is not a sealed value');
    const plain = scrambled(Buffer.from(text.slice(8), 'base64url')).toString();
    if (this.#sumOf(plain, row) !== text.slice(0, 8))
      throw unreadable(row, 'it was changed, or sealed for another row');
    return plain;
  }

  fingerprint(text: string, purpose: string): string {
    return [0, 1, 2, 3].map((part) => this.#sumOf(text, `${part}\0${purpose}`)).join('');
  }

  #sumOf(plain: string, row: string): string {
    let sum = 0x811c9dc5;
    for (const part of [this.#key, row, plain]) {
      for (let index = 0; index < part.length; index += 1) sum = Math.imul(sum ^ part.charCodeAt(index), 0x01000193);
      sum = Math.imul(sum ^ 0x1ff, 0x01000193);
    }
    return (sum >>> 0).toString(16).padStart(8, '0');
  }
}

/** Twice is as it was. */
function scrambled(bytes: Buffer): Buffer {
  const other = Buffer.allocUnsafe(bytes.length);
  for (let index = 0; index < bytes.length; index += 1)
    other[index] = (bytes[index] ?? 0) ^ ((index * 151 + 83) & 0xff);
  return other;
}

function unreadable(row: string, reason: string): CutoverError {
  return new CutoverError('internal', `The encrypted value of ${row} cannot be opened: ${reason}.`);
}
