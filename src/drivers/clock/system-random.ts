import { randomBytes } from 'node:crypto';
import type { Random } from '../../engine/ports/random.ts';

/**
 * UUID version 7 (RFC 9562, method 1): 48 bits of milliseconds, then a counter of 12 bits that begins at random below half its
 * range, then random bits. Ids of one process only ascend, also within a millisecond and when the clock is set back.
 */
export function createRandom(now: () => number): Random {
  let lastMs = 0;
  let counter = 0;
  return {
    number: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
    id: () => {
      const bytes = randomBytes(16);
      const ms = now();
      if (ms > lastMs) {
        lastMs = ms;
        counter = bytes.readUInt16BE(6) & 0x7ff;
      } else if (counter === 0xfff) {
        lastMs += 1;
        counter = bytes.readUInt16BE(6) & 0x7ff;
      } else {
        counter += 1;
      }
      bytes.writeUIntBE(lastMs, 0, 6);
      bytes.writeUInt16BE(0x7000 | counter, 6);
      bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
      const hex = bytes.toString('hex');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    },
  };
}

export const systemRandom: Random = createRandom(() => Date.now());
