import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createMasker } from '../../../src/engine/masking.ts';

const dots = '••••••';
const secret = 'p4ss w/rd+"ü"?';

describe('3.4 every known secret of at least 6 characters is masked', () => {
  const mask = createMasker([secret]);

  test('as it is', () => assert.equal(mask(`a ${secret} b ${secret}`), `a ${dots} b ${dots}`));
  test('in base64, also inside a longer text, at every alignment', () => {
    for (const before of ['', 'x', 'xy', 'xyz']) {
      const text = Buffer.from(`${before}${secret}, and more`).toString('base64');
      assert.ok(mask(text).includes(dots), before);
      assert.ok(mask(Buffer.from(`${before}${secret}`).toString('base64url')).includes(dots), before);
    }
  });
  test('in base64 that stands alone, to its last character, with and without padding', () => {
    for (const hidden of ['abcdef', 'abcdefg', 'abcdefgh?~']) {
      const bytes = Buffer.from(hidden);
      for (const form of ['base64', 'base64url'] as const)
        assert.equal(createMasker([hidden])(`<${bytes.toString(form)}>`), `<${dots}>`);
    }
  });
  test('in hex, small and large', () => {
    const hex = Buffer.from(secret).toString('hex');
    assert.equal(mask(`<${hex}>`), `<${dots}>`);
    assert.equal(mask(`<${hex.toUpperCase()}>`), `<${dots}>`);
  });
  test('URL-encoded, whichever way', () => {
    assert.equal(mask(`q=${encodeURIComponent(secret)}&x`), `q=${dots}&x`);
    assert.equal(mask(`${new URLSearchParams({ q: secret })}`), `q=${dots}`);
    assert.equal(mask(encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase())), dots);
  });
  test('inside JSON', () => assert.equal(mask(JSON.stringify({ secret })), `{"secret":"${dots}"}`));
  test('each line of a value of several lines', () => {
    const key = createMasker(['-----BEGIN KEY-----\nMIIabcdef123\nQwertz987\n-----END KEY-----']);
    assert.equal(key('got MIIabcdef123'), `got ${dots}`);
  });
  test('a value with a newline at its end is found without it', () => {
    assert.equal(createMasker(['token-123\n'])('x token-123 y'), `x ${dots} y`);
  });
});

test('a value of 5 characters is not masked, one of 6 is', () => {
  assert.equal(createMasker(['abcde'])('abcde'), 'abcde');
  assert.equal(createMasker(['abcdef'])('abcdef'), dots);
});

test('of two secrets that overlap or hold each other no character is left', () => {
  assert.equal(createMasker(['abcdef', 'abcdefghi'])('abcdefghi'), dots);
  assert.equal(createMasker(['abcdefgh', 'efghijkl'])('<abcdefghijkl>'), `<${dots}>`);
  assert.equal(createMasker(['xabcdef', 'abcdefghijkl'])('<xabcdefghijkl>'), `<${dots}>`);
});

test('without secrets a line is what it was', () => {
  const text = 'nothing here';
  assert.equal(createMasker([])(text), text);
  assert.equal(createMasker([''])(text), text);
  assert.equal(createMasker([secret])(text), text);
});

test('signs that mean something in a pattern are plain text', () => {
  assert.equal(createMasker(['$^.*+?()[]{}|\\'])('a $^.*+?()[]{}|\\ b'), `a ${dots} b`);
  assert.equal(createMasker(['......'])('abcdef'), 'abcdef');
});

test('whatever stands around it, the secret never comes through', () => {
  const value = fc.string({ unit: 'grapheme', minLength: 6, maxLength: 40 }).filter((text) => text.trim().length >= 6);
  fc.assert(
    fc.property(fc.string(), value, fc.string(), (before, hidden, after) => {
      const masked = createMasker([hidden])(before + hidden + after);
      // The mask itself, or a part of it with what stands around it, may by chance be the secret.
      assert.ok(hidden.includes('•') || !masked.includes(hidden));
    }),
  );
});
