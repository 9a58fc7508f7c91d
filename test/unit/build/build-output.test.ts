import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createLineSplitter } from '../../../src/drivers/build/buildkit/line-splitter.ts';
import { createMasker, spellingsOf } from '../../../src/engine/masking.ts';

/** The lines of an output that comes in these pieces. */
function linesOf(pieces: readonly Uint8Array[]): readonly string[] {
  const splitter = createLineSplitter();
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

function cut(bytes: Buffer, places: readonly number[]): readonly Uint8Array[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
}

const secret = fc.string({ unit: fc.constantFrom(...Array.from('abYZ01+/=%& "é🎉')), minLength: 6, maxLength: 60 });
const filler = fc.string({ unit: fc.constantFrom(...Array.from('xy \n\r.')), maxLength: 200 });

describe('3.4 what a build prints', () => {
  test('shows no secret in any spelling, wherever the output is cut into pieces', () => {
    fc.assert(
      fc.property(
        secret,
        filler,
        filler,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.nat(),
        (value, before, after, places, which) => {
          fc.pre(value.trim().length >= 6);
          const spellings = spellingsOf(value);
          const spelling = spellings[which % spellings.length] ?? value;
          const lines = linesOf(cut(Buffer.from(`${before}${spelling}${after}`), places));
          const mask = createMasker([value]);
          const written = lines.map(mask).join('\n');
          for (const form of spellings) assert.ok(!written.includes(form), `${form} in ${written}`);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is the same lines, wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab\n\r🎉')) }),
        fc.array(fc.nat()),
        (text, places) => {
          const bytes = Buffer.from(text);
          assert.deepEqual(linesOf(cut(bytes, places)), linesOf([bytes]));
        },
      ),
    );
  });

  test('has no line that is cut in two: one of more than 1 MiB is left out, and the next one is whole', () => {
    const piece = Buffer.alloc(64 * 1024, 'a');
    const lines = linesOf([...Array.from({ length: 40 }, () => piece), Buffer.from('tail\nnext\n')]);
    assert.deepEqual(lines, ['— a line of more than 1 MiB is left out —', 'next']);
    assert.deepEqual(linesOf([Buffer.alloc(1024 * 1024, 'b'), Buffer.from('\n')]), ['b'.repeat(1024 * 1024)]);
  });

  test('may be drawn over for as long as it likes: what was drawn last is kept', () => {
    const drawn = Buffer.from(`${'#'.repeat(1000)}\r`);
    const lines = linesOf([...Array.from({ length: 3000 }, () => drawn), Buffer.from('done\n')]);
    assert.deepEqual(lines, ['done']);
  });
});
