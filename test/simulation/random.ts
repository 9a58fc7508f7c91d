import type { Random } from '../../src/engine/ports/random.ts';

/**
 * Chance that comes out the same for the same seed: sfc32, the small fast counting generator of Chris Doty-Humphrey's PractRand
 * (public domain), 128 bits of state of which 32 count, so that no seed has a period of less than 2^32. Not for secrets.
 */
export class SeededChance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `stream`: another one of the same seed, which tells nothing about the first. */
  constructor(seed: number, stream = 0) {
    this.#a = stream | 0;
    this.#b = Math.trunc(seed / 2 ** 32) | 0;
    this.#c = seed | 0;
    for (let round = 0; round < 15; round += 1) this.bits();
  }

  /** 32 bits, as a whole number of 0 or more. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** 0 ≤ x < 1. */
  number(): number {
    return this.bits() / 2 ** 32;
  }
}

/** Ids and numbers of one control plane. An id is a UUID of version 7; those of one object only ascend, also when the clock is set back. */
export function createSeededRandom(chance: SeededChance, now: () => number): Random {
  let lastMs = 0;
  let counter = 0;
  return {
    number: () => chance.number(),
    id: () => {
      const ms = now();
      counter = ms > lastMs ? 0 : counter + 1;
      if (ms > lastMs || counter > 0xfff) {
        lastMs = Math.max(ms, lastMs + 1);
        counter = chance.bits() & 0x7ff;
      }
      const time = hex(lastMs, 12);
      const variant = 0x80 | (chance.bits() & 0x3f);
      const rest = `${hex(variant, 2)}${hex(chance.bits() & 0xff, 2)}-${hex(chance.bits() & 0xffff, 4)}${hex(chance.bits(), 8)}`;
      return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(counter, 3)}-${rest}`;
    },
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
