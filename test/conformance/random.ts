import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Random } from '../../src/engine/ports/random.ts';

/** The promises of `src/engine/ports/random.ts`, to be kept by every driver. */
export function randomConformance(driver: string, create: (now: () => number) => Random): void {
  describe(`${driver}: random`, () => {
    test('ids are UUIDs of version 7 that only ascend', () => {
      const random = create(() => Date.now());
      const ids = Array.from({ length: 20_000 }, () => random.id());
      assert.ok(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)));
      assert.deepEqual(ids, ids.toSorted());
      assert.equal(new Set(ids).size, ids.length);
      const ms = Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16);
      assert.ok(Math.abs(ms - Date.now()) < 5000);
    });

    test('they ascend when the clock is set back', () => {
      const times = [1000, 1000, 500, 1000, 1001, 3];
      const random = create(() => times.shift() ?? 0);
      const ids = Array.from({ length: 6 }, () => random.id());
      assert.deepEqual(ids, ids.toSorted());
    });

    test('numbers lie in [0, 1)', () => {
      const random = create(() => 0);
      for (let i = 0; i < 1000; i += 1) {
        const x = random.number();
        assert.ok(x >= 0 && x < 1);
      }
    });
  });
}
