import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readIgnoreFile } from '../../../src/domain/ignore-rules.ts';

function rulesOf(...lines: readonly string[]) {
  return readIgnoreFile({ name: 'app/.cutoverignore', text: lines.join('\n'), refusal: 'usage' });
}

test('a pattern names what it names for Docker, and everything below', () => {
  const cases: readonly (readonly [pattern: string, names: readonly string[], not: readonly string[]])[] = [
    ['c++', ['c++', 'c++/a'], ['c', 'cc', 'ccc']],
    ['a(b)c/def', ['a(b)c/def'], ['abc/def', 'a(b)c/xyz']],
    ['a.|)$(}+{bc', ['a.|)$(}+{bc'], ['a', 'bc']],
    ['{x,y}', ['{x,y}'], ['x', 'y']],
    ['x{2}', ['x{2}'], ['xx']],
    ['a|b', ['a|b'], ['a', 'b']],
    ['^a$', ['^a$'], ['a']],
    ['a]', ['a]'], ['a']],
    ['!b', [], ['b', '!b']],
    ['\\!b', ['!b'], ['b']],
    ['\\#b', ['#b'], ['b']],
    ['\\d\\*', ['d*'], ['1*', 'dx']],
    ['a.b', ['a.b'], ['axb']],
    ['*.log', ['a.log', '.log', 'a.log/b'], ['a/b.log', 'a.logs']],
    ['a?c', ['abc', 'a\u{1F600}c'], ['ac', 'a/c']],
    ['a[b-d]e', ['abe', 'ade'], ['aae', 'ae', 'a-e']],
    ['a[^b-d]e', ['aze'], ['ace']],
    ['[*?.(+]', ['*', '?', '.', '(', '+'], ['a', '']],
    ['[\\]\\-]', [']', '-'], ['\\']],
    ['[!a]', ['!', 'a'], ['b']],
    ['**', ['a', 'a/b'], []],
    ['dir/**', ['dir/a', 'dir/a/b'], ['dir', 'xdir/a']],
    ['**/foo', ['foo', 'a/foo', 'a/b/foo', 'a/foo/b'], ['xfoo', 'a/xfoo']],
    ['**/foo/bar', ['foo/bar', 'a/foo/bar'], ['foo/x/bar']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b/c'], ['a/xb', 'ab']],
    ['**/**/*.txt', ['a.txt', 'a/b/c.txt'], ['a.txt2']],
    ['a**/*.txt', ['a/b.txt', 'a/b/c.txt'], ['b/a.txt']],
    ['**.log', ['.log', 'a.log', 'a/b.log'], ['a.logs']],
    ['/a//b/./c/../', ['a/b', 'a/b/d'], ['a/c']],
    ['../a', [], ['a']],
    ['.', [], ['a']],
    ['/', [], ['a']],
    ['ä*', ['äö'], ['a']],
    ['.ENV', ['.ENV'], ['.env']],
  ];
  for (const [pattern, names, not] of cases) {
    const rules = rulesOf(pattern);
    for (const path of names) assert.ok(rules.ignores(path), `${pattern} names ${path}`);
    for (const path of not) assert.ok(!rules.ignores(path), `${pattern} does not name ${path}`);
  }
});

test('the last line that names a path decides; comments, empty lines, spaces and a byte order mark mean nothing', () => {
  const rules = rulesOf('\uFEFF# a', '', '  tmp/  ', '! tmp/c++ \r', 'tmp/c++/x');
  assert.ok(rules.hasExceptions);
  assert.deepEqual(
    ['tmp', 'tmp/a', 'tmp/c++', 'tmp/c++/y', 'tmp/c++/x', 'a'].filter((path) => rules.ignores(path)),
    ['tmp', 'tmp/a', 'tmp/c++/x'],
  );
  assert.ok(!rulesOf('a', '# !b').hasExceptions);
});

test('a line that is no pattern is named with its file, its number and what is wrong', () => {
  const cases: readonly (readonly [line: string, why: RegExp])[] = [
    ['[a', /no "\]"/],
    ['a[', /no "\]"/],
    ['[]', /"\]" stands where/],
    ['[-a]', /"-" stands where/],
    ['[a-]', /"\]" stands where/],
    ['[z-a]', /ends before it begins/],
    ['a\\', /nothing behind it/],
    ['[a\\', /nothing behind it/],
    ['!', /nothing behind it/],
    ['![a', /no "\]"/],
  ];
  for (const [line, why] of cases) {
    assert.throws(() => rulesOf('# ours', 'a', line), { code: 'usage', message: why }, line);
    assert.throws(() => rulesOf('# ours', 'a', line), {
      message: /^app\/\.cutoverignore, line 3: ".+" is no pattern: /,
    });
  }
});

test('a pattern made to take long takes no longer than its length', () => {
  const rules = rulesOf(`${'**/*a'.repeat(40)}b`);
  const began = performance.now();
  assert.ok(!rules.ignores('a/'.repeat(500).slice(0, -1)));
  assert.ok(performance.now() - began < 2_000);
});
