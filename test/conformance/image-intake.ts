import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { ImageOwner } from '../../src/domain/image-names.ts';
import type { RegistryCredential } from '../../src/domain/registry-credential.ts';
import type { ImageIntake } from '../../src/engine/ports/image-intake.ts';
import type { ImageInfo } from '../../src/engine/ports/runtime.ts';

export interface Pushed {
  readonly reference: string;
  readonly digest: string;
  readonly imageId: string;
}

export interface ImageIntakeUnderTest extends AsyncDisposable {
  readonly intake: ImageIntake;
  /** Another image each time, at a registry and not on this machine. With a password: at one that asks for it. */
  readonly push: (name: string, credential?: Pick<RegistryCredential, 'username' | 'password'>) => Promise<Pushed>;
  readonly right: Pick<RegistryCredential, 'username' | 'password'>;
  /** A reference to what is not there, at a registry that is. */
  readonly missing: string;
  /** Path of a tarball with an image in it, and what the image is. */
  readonly tarball: () => Promise<{ readonly path: string; readonly imageId: string }>;
  /** Path of a file that is none. */
  readonly noTarball: () => Promise<string>;
  /** null: it is not on this machine. */
  readonly inspect: (ref: string) => Promise<ImageInfo | null>;
}

export const never = new AbortController().signal;
export const silent = (): void => {};

export function someone(number = 1): ImageOwner {
  return { projectName: 'shop', number, deploymentId: randomUUID() };
}

/** The promises of `src/engine/ports/image-intake.ts`, to be kept by every driver. */
export function imageIntakeConformance(driver: string, setUp: () => Promise<ImageIntakeUnderTest>): void {
  describe(`${driver}: images from elsewhere`, () => {
    test('a tag is resolved to a digest, and what is pulled is what the digest says, whatever the tag names by then', async () => {
      await using t = await setUp();
      const first = await t.push('app:1');
      const { reference } = first;
      const digest = await t.intake.resolve({ reference, credential: null }, never);
      assert.equal(digest, first.digest);
      const second = await t.push('app:1');
      assert.notEqual(second.digest, digest);
      const owner = someone();
      const image = await t.intake.pull({ reference, digest, credential: null, owner }, silent, never);
      assert.equal(image.imageId, first.imageId);
      // Again, as after a crash.
      assert.deepEqual(await t.intake.pull({ reference, digest, credential: null, owner }, silent, never), image);
      await t.intake.forget(owner, { reference, digest }, never);
      assert.equal(await t.inspect(first.imageId), null);
      await t.intake.forget(owner, { reference, digest }, never);
    });

    test('an image stays as long as another deployment has a name for it', async () => {
      await using t = await setUp();
      const { reference, digest, imageId } = await t.push('app:2');
      const [one, two] = [someone(1), someone(2)];
      for (const owner of [one, two])
        await t.intake.pull({ reference, digest, credential: null, owner }, silent, never);
      await t.intake.forget(one, { reference, digest }, never);
      assert.equal((await t.inspect(imageId))?.imageId, imageId);
      await t.intake.forget(two, { reference, digest }, never);
      assert.equal(await t.inspect(imageId), null);
    });

    test('what is not there, and what wants other credentials, is told apart', async () => {
      await using t = await setUp();
      const code = (reference: string, credential: RegistryCredential | null) =>
        t.intake.resolve({ reference, credential }, never).then(
          () => 'resolved',
          (error: { readonly code?: string }) => error.code,
        );
      assert.equal(await code(t.missing, null), 'image_not_found');
      const { reference } = await t.push('private:1', t.right);
      const host = reference.split('/')[0] ?? '';
      assert.equal(await code(reference, null), 'registry_needs_credentials');
      const wrong = { ...t.right, host, password: 'something-else' };
      assert.equal(await code(reference, wrong), 'registry_credentials_refused');
      assert.equal(await code(reference, { ...t.right, host }), 'resolved');
    });

    test('a tarball becomes an image under a name of the deployment, twice is as good as once, and forgotten it is gone', async () => {
      await using t = await setUp();
      const { path, imageId } = await t.tarball();
      const owner = someone();
      const image = await t.intake.load({ path, owner }, silent, never);
      assert.equal(image.imageId, imageId);
      assert.deepEqual(await t.intake.load({ path, owner }, silent, never), image);
      await t.intake.forget(owner, null, never);
      assert.equal(await t.inspect(imageId), null);
      await t.intake.forget(owner, null, never);
    });

    test('what is no tarball of an image is refused, and leaves nothing', async () => {
      await using t = await setUp();
      const request = { path: await t.noTarball(), owner: someone() };
      await assert.rejects(t.intake.load(request, silent, never), { code: 'image_tarball_invalid' });
    });
  });
}
