import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { CutoverError } from '../../../src/domain/errors.ts';
import { parseToml } from '../../../src/drivers/build/planner/toml.ts';

/** Tables as plain objects. */
function parsed(text: string): unknown {
  return JSON.parse(JSON.stringify(parseToml(text, 'x.toml')));
}

describe('TOML of manifests', () => {
  const rows: readonly (readonly [string, string, unknown])[] = [
    ['keys and strings', 'a = "x"\nb = \'y\\n\' # c\n', { a: 'x', b: 'y\\n' }],
    ['tables', '[a]\nb = 1\n[a.c]\nd = true\n', { a: { b: '1', c: { d: 'true' } } }],
    ['dotted and quoted keys', 'a.b = 1\n"c d".e = 2\n', { a: { b: '1' }, 'c d': { e: '2' } }],
    ['arrays over lines', 'a = [\n  "x", # one\n  "y",\n]\n', { a: ['x', 'y'] }],
    ['inline tables', 'a = { b = "c", d.e = [1, 2] }\n', { a: { b: 'c', d: { e: ['1', '2'] } } }],
    ['arrays of tables', '[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n', { a: [{ b: '1' }, { b: '2', c: { d: '3' } }] }],
    ['escapes', 'a = "\\u00e9\\t\\"\\\\"\n', { a: 'é\t"\\' }],
    ['texts over lines', 'a = """\nx\n"y" \\\n  z"""\nb = \'\'\'\nq\'\'\'\n', { a: 'x\n"y" z', b: 'q' }],
    ['dates, and lines of Windows', 'a = 1979-05-27 07:32:00\r\nb = "x"\r\n', { a: '1979-05-27 07:32:00', b: 'x' }],
    [
      'names that objects have',
      '__proto__ = "x"\nconstructor.a = 1\n',
      { ['__proto__']: 'x', constructor: { a: '1' } },
    ],
    ['nothing', '# only a comment', {}],
  ];
  for (const [rule, text, value] of rows) {
    it(`is read: ${rule}`, () => {
      assert.deepEqual(parsed(text), JSON.parse(JSON.stringify(value)));
    });
  }

  for (const [text, message] of [
    ['a = ', /line 1: a value is missing/],
    ['a', /line 1: `=` is missing/],
    ['\n[a', /line 2: `\]` is missing/],
    ['a = "x', /line 1: `"` is missing/],
    ['a = [1', /line 1/],
    ['a = "x" y', /goes on where the line should end/],
    ['a = 1\na.b = 2', /line 2: `a` is no table/],
    [`a = ${'['.repeat(200)}`, /nested too deeply/],
  ] as const) {
    it(`is refused with its line: ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(() => parseToml(text, 'x.toml'), message);
    });
  }

  it('any text is read or refused, and nothing else happens', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '[[',
      ']]',
      '=',
      '"',
      "'",
      '"""',
      '.',
      ',',
      '{',
      '}',
      '\n',
      '#',
      'a',
      ' ',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          parseToml(pieces.join(''), 'x.toml');
        } catch (error) {
          assert.ok(error instanceof CutoverError, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
