import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { defaultTokenUser } from '../../src/domain/repository-credential.ts';
import { startGitServer } from '../harness/git-server.ts';
import { sourceConformance } from './source.ts';
import { failsWith, plain, setUp, sourceAt, temporary, treeOf } from '../harness/git-server-source.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const silent = () => {};
const zero = '0123456789012345678901234567890123456789';

sourceConformance('git', async () => {
  const t = await setUp();
  const { source, repository, server, dir } = t;
  return {
    source,
    strict: () => sourceAt(join(dir, 'strict'), { allowedProtocols: ['https', 'ssh'] }),
    url: repository.url,
    otherUrl: `${server.url}/none.git`,
    commit: (files, options) => repository.commit(files, options),
    forgetBranch: async (branch) => void (await repository.git('update-ref', '-d', `refs/heads/${branch}`)),
    requests: server.requests,
    sent: async (archive) => {
      const path = join(dir, `sent-${randomUUID()}`);
      await writeFile(path, archive);
      return path;
    },
    demand: (token) => server.demand({ user: defaultTokenUser, password: token }),
    read: (path, name) => readFile(join(path, name), 'utf8'),
    names: (path) => readdir(path),
    [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
  };
});

describe('fetch', () => {
  test('tells its progress in whole lines', async () => {
    await using t = await setUp();
    await t.repository.commit(
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}.txt`, `${i}`.repeat(50)])),
    );
    const lines: string[] = [];
    await t.source.fetch(
      { repository: plain(t.repository.url), branch: 'main', commit: null },
      (l) => lines.push(l),
      never,
    );
    assert.ok(
      lines.some((line) => /objects: 100%.*done\.$/.test(line)),
      lines.join('\n'),
    );
    assert.ok(lines.every((line) => !line.includes('\r') && !line.includes('\u001b')));
  });

  test('credentials in the URL are used, and shown to nobody', async () => {
    await using server = await startGitServer({ credentials: { user: 'bot', password: 'p4ss/w@rd' } });
    await using dir = await temporary();
    const repository = await server.createRepository('private');
    const sha = await repository.commit({ 'a.txt': '1' });
    const url = repository.url.replace('://', '://bot:p4ss%2Fw%40rd@');
    const source = await sourceAt(dir.path);
    const lines: string[] = [];
    const info = await source.fetch(
      { repository: plain(url), branch: 'main', commit: null },
      (l) => lines.push(l),
      never,
    );
    assert.equal(info.sha, sha);
    const missing = source.fetch({ repository: plain(url), branch: 'nope', commit: null }, (l) => lines.push(l), never);
    await assert.rejects(missing, (error: Error) => {
      const shown = `${error.message} ${(error.cause as Error).message} ${lines.join(' ')}`;
      assert.doesNotMatch(shown, /p4ss|bot/);
      return failsWith('branch_not_found')(error);
    });
    const stored = await run('grep', ['-rl', 'p4ss', dir.path]).catch(() => ({ stdout: '' }));
    assert.equal(stored.stdout, '');
  });

  test('a mirror that was filled with credentials is not open to a URL without them', async () => {
    await using server = await startGitServer({ credentials: { user: 'bot', password: 'secret-word' } });
    await using dir = await temporary();
    const repository = await server.createRepository('private');
    const commit = await repository.commit({ 'a.txt': '1' });
    const source = await sourceAt(dir.path);
    const withCredentials = repository.url.replace('://', '://bot:secret-word@');
    await source.fetch({ repository: plain(withCredentials), branch: 'main', commit }, silent, never);
    const without = source.fetch({ repository: plain(repository.url), branch: 'main', commit }, silent, never);
    await assert.rejects(without, failsWith('repository_needs_credentials'));
  });
});

describe('bad input gets a clear error', () => {
  test('3.5 a name that is a command is refused, and nothing is run', async () => {
    await using t = await setUp();
    await t.repository.commit({ 'a.txt': '1' });
    const trap = join(t.dir, 'touched');
    for (const branch of [`--upload-pack=touch ${trap}`, `$(touch ${trap})`]) {
      const fetched = t.source.fetch({ repository: plain(t.repository.url), branch, commit: null }, silent, never);
      await assert.rejects(fetched, failsWith('ref_invalid'), branch);
    }
    await assert.rejects(stat(trap), { code: 'ENOENT' });
  });

  test('git@host:path is ssh', async () => {
    await using dir = await temporary();
    const source = await sourceAt(dir.path, { allowedProtocols: ['ssh'] });
    const fetched = source.fetch(
      { repository: plain('git@localhost.invalid:me/app.git'), branch: 'main', commit: null },
      silent,
      never,
    );
    await assert.rejects(fetched, failsWith('repository_unreachable'));
  });

  test('none of what the server does not have makes the mirror anew', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': '1' });
    const { url } = t.repository;
    const fetch = (repository: string, branch: string, commit: string | null) =>
      t.source.fetch({ repository: plain(repository), branch, commit }, silent, never);
    await assert.rejects(fetch(`${t.server.url}/none.git`, 'main', null), failsWith('repository_not_found'));
    await assert.rejects(fetch(url, 'nope', null), failsWith('branch_not_found'));
    await assert.rejects(fetch(url, 'main', zero), failsWith('commit_not_found'));
    await assert.rejects(t.source.treeId(plain(url), sha, 'none', never), failsWith('directory_not_found'));
    assert.deepEqual(t.warnings, []);
  });

  test('a tree or a blob is not a commit', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': '1' });
    const tree = await t.repository.git('rev-parse', `${sha}^{tree}`);
    const fetched = t.source.fetch(
      { repository: plain(t.repository.url), branch: 'main', commit: tree },
      silent,
      never,
    );
    await assert.rejects(fetched, failsWith('commit_not_found'));
  });

  test('a server that asks for credentials', async () => {
    await using server = await startGitServer({ credentials: { user: 'a', password: 'b' } });
    await using dir = await temporary();
    const repository = await server.createRepository('private');
    const source = await sourceAt(dir.path);
    const fetched = source.fetch({ repository: plain(repository.url), branch: 'main', commit: null }, silent, never);
    await assert.rejects(fetched, failsWith('repository_needs_credentials', /asks for credentials/));
  });

  test('a server that does not answer, answers 500, or answers too late', async () => {
    await using dir = await temporary();
    const url = await (async () => {
      await using gone = await startGitServer();
      return `${gone.url}/app.git`;
    })();
    const source = await sourceAt(dir.path, { timeoutMs: 1500 });
    await assert.rejects(
      source.fetch({ repository: plain(url), branch: 'main', commit: null }, silent, never),
      failsWith('repository_unreachable'),
    );
    await using broken = await startGitServer({ before: (_, response) => void response.writeHead(500).end() });
    const fetchBroken = source.fetch(
      { repository: plain(`${broken.url}/app.git`), branch: 'main', commit: null },
      silent,
      never,
    );
    await assert.rejects(fetchBroken, failsWith('repository_unreachable', /500/));
    await using silentServer = await startGitServer({ before: () => new Promise(() => {}) });
    const late = source.fetch(
      { repository: plain(`${silentServer.url}/app.git`), branch: 'main', commit: null },
      silent,
      never,
    );
    await assert.rejects(late, failsWith('repository_unreachable', /in time/));
  });

  test('a repository that is damaged on its server', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': 'will be lost' });
    const blob = await t.repository.git('rev-parse', `${sha}:a.txt`);
    await rm(join(t.repository.path, 'objects', blob.slice(0, 2), blob.slice(2)));
    const fetched = t.source.fetch(
      { repository: plain(t.repository.url), branch: 'main', commit: null },
      silent,
      never,
    );
    await assert.rejects(fetched, failsWith('repository_unreachable', /damaged on its server/));
  });

  test('a full disk', { skip: process.getuid?.() !== 0 && 'needs root to mount a small disk' }, async () => {
    await using t = await setUp();
    const noise = Buffer.from(Array.from({ length: 3_000_000 }, () => Math.floor(Math.random() * 256)));
    await t.repository.commit({ 'big.bin': noise });
    const small = join(t.dir, 'small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
    try {
      const source = await sourceAt(small);
      const fetched = source.fetch(
        { repository: plain(t.repository.url), branch: 'main', commit: null },
        silent,
        never,
      );
      await assert.rejects(fetched, failsWith('disk_full'));
    } finally {
      await run('umount', [small]);
    }
  });
});

describe('checkout', () => {
  test('links stay links, modes stay, hooks and filters of the repository do nothing, and there is no .git', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({
      'a.txt': '1',
      link: { link: 'a.txt' },
      out: { link: '/etc/passwd' },
      '.gitattributes': '* export-ignore\n* filter=x',
    });
    const { path } = await t.source.checkout(treeOf(t.repository.url, sha, 'd1'), silent, never);
    assert.equal(await readlink(join(path, 'link')), 'a.txt');
    assert.equal(await readlink(join(path, 'out')), '/etc/passwd');
    assert.ok((await lstat(join(path, 'link'))).isSymbolicLink());
    assert.deepEqual((await readdir(path)).toSorted(), ['.gitattributes', 'a.txt', 'link', 'out']);
  });

  test('what a build left in a work tree goes with it', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': '1' });
    const first = await t.source.checkout(treeOf(t.repository.url, sha, 'd1'), silent, never);
    await writeFile(join(first.path, 'left.txt'), 'from a build');
    const second = await t.source.checkout(treeOf(t.repository.url, sha, 'd1'), silent, never);
    assert.deepEqual(await readdir(second.path), ['a.txt']);
  });
});
