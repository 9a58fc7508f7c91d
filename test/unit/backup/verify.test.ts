import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inc } from 'semver';
import { manifestPart, newManifest, type Manifest } from '../../../src/daemon/backup/manifest.ts';
import { verifyArchive } from '../../../src/daemon/backup/verify-archive.ts';
import { version } from '../../../src/daemon/version.ts';
import { writeArchive } from '../../../src/drivers/backup/archive-file.ts';
import { endOfArchive, writePart } from '../../../src/drivers/backup/archive-parts.ts';

const signal = AbortSignal.timeout(60_000);

function manifest(parts: Readonly<Record<string, string>>): Manifest {
  return newManifest({
    platformId: 'test',
    createdAt: '2026-01-01T00:00:00.000Z',
    migrations: ['0001-initial'],
    tables: [],
    sequences: [],
    keys: [],
    keysIncluded: false,
    logsIncluded: false,
    artifactsIncluded: false,
    artifacts: [],
    volumes: [],
    parts: Object.entries(parts).map(([name, text]) => {
      return { name, bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') };
    }),
  });
}

/** An archive with these parts, in which the manifest, if any, says what `said` says. */
async function verify(t: TestContext, parts: Readonly<Record<string, string>>, said: unknown): Promise<Manifest> {
  const directory = await mkdtemp('/tmp/cutover-test-backup-');
  t.after(() => rm(directory, { recursive: true }));
  const archive = { path: join(directory, 'archive'), passphrase: null };
  const all = { ...parts, ...(said === null ? {} : { [manifestPart]: JSON.stringify(said) }) };
  const blocks = async function* () {
    for (const [name, text] of Object.entries(all)) {
      yield* writePart(
        name,
        (async function* () {
          yield Buffer.from(text);
        })(),
      );
    }
    yield endOfArchive;
  };
  await writeArchive(archive, blocks(), signal);
  return verifyArchive(archive, signal);
}

const parts = { 'tables/a.ndjson': '["1"]\n', 'tables/b.ndjson': '["2"]\n' };

test('a backup in which everything is as the manifest says is whole', async (t) => {
  assert.deepEqual(await verify(t, parts, manifest(parts)), manifest(parts));
});

test('a part that is another one, missing, or too many is named', async (t) => {
  const changed = { ...parts, 'tables/b.ndjson': '["3"]\n' };
  await assert.rejects(verify(t, changed, manifest(parts)), {
    code: 'backup_invalid',
    message: /tables\/b\.ndjson .* checksum/,
  });
  const { 'tables/b.ndjson': _b, ...fewer } = parts;
  await assert.rejects(verify(t, fewer, manifest(parts)), {
    code: 'backup_invalid',
    message: /tables\/b\.ndjson is missing/,
  });
  const more = { ...parts, extra: 'x' };
  await assert.rejects(verify(t, more, manifest(parts)), {
    code: 'backup_invalid',
    message: /extra is not in the manifest/,
  });
});

test('a backup without a manifest, or with one that cannot be read, is refused', async (t) => {
  await assert.rejects(verify(t, parts, null), { code: 'backup_invalid', message: /not written to its end/ });
  await assert.rejects(verify(t, parts, {}), { code: 'backup_invalid' });
  await assert.rejects(verify(t, parts, { ...manifest(parts), tables: 'none' }), {
    code: 'backup_invalid',
    message: /tables/,
  });
});

test('a backup of a newer release is refused, whatever its manifest looks like by then', async (t) => {
  const newer = { format: 1, release: inc(version, 'minor'), anything: 'else' };
  await assert.rejects(verify(t, parts, newer), {
    code: 'backup_too_new',
    message: new RegExp(`and this is ${version}`),
  });
  await assert.rejects(verify(t, parts, { format: 2, release: version }), { code: 'backup_too_new' });
  const later = { ...manifest(parts), migrations: ['0001-initial', '9999-later'] };
  await assert.rejects(verify(t, parts, later), { code: 'backup_too_new', message: /9999-later/ });
});
