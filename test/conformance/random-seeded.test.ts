import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { randomConformance } from './random.ts';

randomConformance('seeded', (now) => createSeededRandom(new SeededChance(1), now));

const first = (seed: number, stream?: number) => {
  const chance = new SeededChance(seed, stream);
  return Array.from({ length: 5 }, () => chance.bits());
};

test('the same seed gives the same numbers, another seed or another stream of it gives others', () => {
  assert.deepEqual(first(7), first(7));
  const all = [first(7), first(8), first(7, 1), first(7 + 2 ** 32), first(-7), first(0)];
  assert.equal(new Set(all.flat()).size, all.length * 5);
});

test('numbers are spread evenly, and every bit is as often set as not', () => {
  const chance = new SeededChance(42);
  const draws = 100_000;
  const tenths = Array.from({ length: 10 }, () => 0);
  const bits = Array.from({ length: 32 }, () => 0);
  for (let draw = 0; draw < draws; draw += 1) {
    const value = chance.bits();
    const tenth = Math.floor((value / 2 ** 32) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    for (let bit = 0; bit < 32; bit += 1) bits[bit] = (bits[bit] ?? 0) + ((value >>> bit) & 1);
  }
  // Five standard deviations.
  for (const count of tenths) assert.ok(Math.abs(count - draws / 10) < 5 * Math.sqrt(draws * 0.09), String(count));
  for (const count of bits) assert.ok(Math.abs(count - draws / 2) < 5 * Math.sqrt(draws * 0.25), String(count));
});
