import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chown, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { repositoryAt, startGitServer } from '../harness/git-server.ts';
import { failsWith, plain, setUp, sourceAt, temporary, treeOf } from '../harness/git-server-source.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const silent = () => {};

describe('a crash leaves nothing that needs a person', () => {
  const damages: Record<string, (mirror: string) => Promise<void>> = {
    'stale lock files': async (mirror) => {
      for (const name of ['shallow.lock', 'config.lock', 'packed-refs.lock', 'refs/cutover/incoming.lock']) {
        await writeFile(join(mirror, name), '');
      }
    },
    'a mirror that was being made': async (mirror) => {
      await rm(join(mirror, 'cutover-mirror'));
      await rm(join(mirror, 'HEAD'));
    },
    'objects that are gone': (mirror) => rm(join(mirror, 'objects'), { recursive: true }),
    'objects that are empty': async (mirror) => {
      const names = await readdir(join(mirror, 'objects'), { recursive: true });
      for (const name of names) {
        const path = join(mirror, 'objects', name);
        if (!(await stat(path)).isFile()) continue;
        await rm(path);
        await writeFile(path, '');
      }
    },
    'refs that are garbage': async (mirror) => {
      const dir = join(mirror, 'refs/cutover/commits');
      for (const name of await readdir(dir)) await writeFile(join(dir, name), 'garbage');
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(name, async () => {
      await using t = await setUp();
      const one = await t.repository.commit({ 'a.txt': '1' });
      await t.source.fetch({ repository: plain(t.repository.url), branch: 'main', commit: one }, silent, never);
      const [mirror] = await readdir(join(t.dir, 'mirrors'));
      await damage(join(t.dir, 'mirrors', mirror ?? ''));
      const { path } = await t.source.checkout(treeOf(t.repository.url, one, 'd1'), silent, never);
      assert.equal(await readFile(join(path, 'a.txt'), 'utf8'), '1');
      const two = await t.repository.commit({ 'a.txt': '2' });
      const info = await t.source.fetch(
        { repository: plain(t.repository.url), branch: 'main', commit: null },
        silent,
        never,
      );
      assert.equal(info.sha, two);
    });
  }
});

test('an abort ends Git and all its children within half a second, and the next fetch works', async () => {
  const asked = Promise.withResolvers<void>();
  let hold = true;
  await using server = await startGitServer({
    before: () => {
      asked.resolve();
      return hold ? new Promise<void>(() => {}) : undefined;
    },
  });
  await using dir = await temporary();
  const repository = await server.createRepository('app');
  await repository.commit({ 'a.txt': '1' });
  const source = await sourceAt(dir.path);
  const controller = new AbortController();
  const request = { repository: plain(repository.url), branch: 'main', commit: null };
  const fetched = source.fetch(request, silent, controller.signal);
  const waiting = source.fetch(request, silent, controller.signal);
  await asked.promise;
  const before = performance.now();
  const settled = Promise.allSettled([fetched, waiting]);
  controller.abort(new Error('cancelled by a user'));
  await settled;
  assert.ok(performance.now() - before < 500);
  await Promise.all([fetched, waiting].map((each) => assert.rejects(each, /cancelled by a user/)));
  const left = await run('pgrep', ['-f', repository.url]).catch(() => ({ stdout: '' }));
  assert.equal(left.stdout, '');
  hold = false;
  await source.fetch(request, silent, never);
});

test('file:// works where it is allowed, also for a repository of another user', async () => {
  await using dir = await temporary();
  const path = join(dir.path, 'local.git');
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', path]);
  const sha = await repositoryAt(path).commit({ 'a.txt': '1' });
  if (process.getuid?.() === 0) await chown(path, 65534, 65534);
  const source = await sourceAt(join(dir.path, 'source'), { allowedProtocols: ['file'] });
  const url = pathToFileURL(path).href;
  const info = await source.fetch({ repository: plain(url), branch: 'main', commit: null }, silent, never);
  assert.equal(info.sha, sha);
  const missing = source.fetch({ repository: plain(`${url}x`), branch: 'main', commit: null }, silent, never);
  await assert.rejects(missing, failsWith('repository_not_found'));
});
