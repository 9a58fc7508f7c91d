import { randomBytes } from 'node:crypto';
import type { Random } from '../../engine/ports/random.ts';

let lastMs = 0;
let sequence = 0;

/** UUIDs of version 7 (RFC 9562, method 1: a counter in `rand_a`), ascending also within one millisecond of this process. */
export const systemRandom: Random = {
  id() {
    const now = Date.now();
    if (now > lastMs) {
      lastMs = now;
      sequence = 0;
    } else {
      sequence += 1;
      if (sequence > 0xfff) {
        lastMs += 1;
        sequence = 0;
      }
    }
    const random = randomBytes(8);
    const time = lastMs.toString(16).padStart(12, '0');
    const counter = sequence.toString(16).padStart(3, '0');
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
    const tail = random.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`;
  },
  number: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
