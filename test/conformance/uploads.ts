import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Uploads } from '../../src/engine/ports/uploads.ts';

export interface UploadsUnderTest extends AsyncDisposable {
  readonly uploads: Uploads;
  /** What the file holds. */
  readonly read: (path: string) => Promise<string>;
}

const never = new AbortController().signal;

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw new Error('reset');
}

/** The promises of `src/engine/ports/uploads.ts`, to be kept by every driver. */
export function uploadsConformance(driver: string, setUp: () => Promise<UploadsUnderTest>): void {
  describe(`${driver}: uploads`, () => {
    test('what was sent is kept as it came, with its size and hash, until it is removed', async () => {
      await using t = await setUp();
      const upload = await t.uploads.receive({ filename: 'site.zip', bytes: chunks('one', 'two') }, never);
      assert.deepEqual([upload.filename, upload.sizeBytes], ['site.zip', 6]);
      assert.equal(upload.sha256, '25b6746d5172ed6352966a013d93ac846e1110d5a25e8f183b5931f4688842a1');
      assert.equal(await t.read(await t.uploads.path(upload.id)), 'onetwo');
      assert.deepEqual(await t.uploads.list(0), [upload.id]);
      assert.deepEqual(await t.uploads.list(60_000), []);
      await t.uploads.remove(upload.id);
      await t.uploads.remove(upload.id);
      await assert.rejects(t.uploads.path(upload.id), { code: 'upload_gone' });
      assert.deepEqual(await t.uploads.list(0), []);
    });

    test('where nothing is sent, or it breaks off, nothing is kept', async () => {
      await using t = await setUp();
      await assert.rejects(t.uploads.receive({ filename: '-', bytes: chunks() }, never), { code: 'invalid_input' });
      await assert.rejects(t.uploads.receive({ filename: '-', bytes: broken() }, never));
      assert.deepEqual(await t.uploads.list(0), []);
    });
  });
}
