import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cleanLine, maxPieceBytes, splitLine } from '../../../src/drivers/logs/files/clean-line.ts';

const cases: readonly [name: string, input: string, output: string][] = [
  ['plain text with tabs stays', 'a\tb ü 日本 🎉', 'a\tb ü 日本 🎉'],
  ['of redraws the last one is kept', '10%\r50%\r100%', '100%'],
  ['a carriage return at the end is no redraw', '100%\r', '100%'],
  ['a redraw that only erases leaves what was drawn', 'done\r\u001b[K', 'done'],
  ['colours stay', '\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mx', '\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mx'],
  ['cursor movement and erasing go', '\u001b[2K\u001b[1Ga\u001b[?25lb\u001b[10;20H', 'ab'],
  [
    'titles and links go, their text stays',
    '\u001b]0;title\u0007a\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\',
    'alink',
  ],
  ['a title without an end does not take the line with it', '\u001b]0 text', '0 text'],
  ['device strings go', '\u001bPq#0;2\u001b\\x', 'x'],
  ['short escapes go', '\u001b(B\u001b7\u001bMx\u001b', 'x'],
  ['eight-bit controls go', '\u009b31mx\u0085y', 'xy'],
  ['NUL, bell, backspace and delete go', '\u0000a\u0007b\bc\u007f', 'abc'],
  ['a line of nothing but redraws is empty', '\r\r', ''],
];

for (const [name, input, output] of cases) test(name, () => assert.equal(cleanLine(input), output));

test('cleaning twice changes nothing more, whatever comes', () => {
  const pieces = fc.constantFrom(
    '\u001b',
    '[',
    ']',
    '31',
    'm',
    'K',
    '\r',
    '\u0007',
    ';',
    'x',
    '\\',
    '\u009b',
    '\u0090',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const once = cleanLine(parts.join(''));
      assert.equal(cleanLine(once), once);
    }),
  );
});

test('a line over 16 KiB is split between characters, and nothing is lost', () => {
  for (const text of ['x'.repeat(50_000), 'ü日🎉'.repeat(10_000), 'x'.repeat(maxPieceBytes), `x${'🎉'.repeat(5000)}`]) {
    const pieces = splitLine(text);
    assert.equal(pieces.join(''), text);
    assert.ok(pieces.every((piece) => Buffer.byteLength(piece) <= maxPieceBytes));
    assert.equal(pieces.length, Math.ceil(Buffer.byteLength(text) / maxPieceBytes));
  }
});
