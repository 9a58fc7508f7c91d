import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SecretBox } from '../../src/engine/ports/secret-box.ts';

export interface SecretBoxUnderTest extends AsyncDisposable {
  readonly box: SecretBox;
  /** The same in a later process. */
  readonly reopened: () => Promise<SecretBox>;
  /** One with other keys. */
  readonly stranger: () => Promise<SecretBox>;
}

const row = 'variables/1/value';

/** The promises of `src/engine/ports/secret-box.ts`, to be kept by every driver. */
export function secretBoxConformance(driver: string, setUp: () => Promise<SecretBoxUnderTest>): void {
  describe(`${driver}: secret box`, () => {
    test('what is sealed opens again, also in a later process', async () => {
      await using t = await setUp();
      for (const plain of ['', 'x', 'ü🎉\n', 'y'.repeat(100_000)]) {
        const sealed = t.box.seal(plain, row);
        assert.match(sealed, /^v1\.\w+\.[A-Za-z0-9_-]+$/);
        assert.equal((await t.reopened()).open(sealed, row), plain);
      }
    });

    test('what is sealed does not show what it is, nor the row', async () => {
      await using t = await setUp();
      const secret = 'correct-horse-battery-staple';
      const sealed = t.box.seal(secret, row);
      const bytes = Buffer.from(secret);
      for (const form of [secret, bytes.toString('base64url'), bytes.toString('hex'), row]) {
        assert.ok(!sealed.includes(form.slice(0, 16)), form);
      }
    });

    test('a fingerprint is the same in a later process, and another one for another text, purpose or key', async () => {
      await using t = await setUp();
      const text = 'correct-horse-battery-staple';
      const own = t.box.fingerprint(text, 'build');
      assert.match(own, /^[0-9a-f]{32}$/);
      assert.equal((await t.reopened()).fingerprint(text, 'build'), own);
      const others = [
        t.box.fingerprint(`${text}r`, 'build'),
        t.box.fingerprint(text, 'cache'),
        (await t.stranger()).fingerprint(text, 'build'),
      ];
      assert.equal(new Set([own, ...others]).size, 4);
    });

    test('another row, a changed text and another key do not open', async () => {
      await using t = await setUp();
      const sealed = t.box.seal('secret', row);
      assert.throws(() => t.box.open(sealed, 'variables/2/value'), { code: 'internal', message: /another row/ });
      const end = sealed.at(-3) === 'A' ? 'B' : 'A';
      assert.throws(() => t.box.open(sealed.slice(0, -3) + end + sealed.slice(-2), row), { code: 'internal' });
      assert.throws(() => t.box.open(sealed.slice(0, sealed.lastIndexOf('.') + 1), row), /not a sealed value/);
      assert.throws(() => t.box.open('plain', row), /not a sealed value/);
      const stranger = await t.stranger();
      assert.throws(() => stranger.open(sealed, row), { code: 'internal' });
    });
  });
}
