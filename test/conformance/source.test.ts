import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startGitServer } from '../harness/git-server.ts';
import { failsWith, setUp, sourceAt, temporary } from '../harness/git-server-source.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const silent = () => {};
const zero = '0123456789012345678901234567890123456789';

describe('fetch', () => {
  test('brings the head of the branch as the server has it now', async () => {
    await using t = await setUp();
    await t.repository.commit({ 'a.txt': '1' });
    const first = await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: null }, silent, never);
    const sha = await t.repository.commit({ 'a.txt': '2' }, { message: 'second\n\nbody' });
    const second = await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: null }, silent, never);
    assert.notEqual(first.sha, second.sha);
    assert.equal(second.sha, sha);
    assert.equal(second.message, 'second');
    assert.equal(second.author, 'Test Author');
    assert.ok(Math.abs(Date.parse(second.committedAt) - Date.now()) < 60_000);
  });

  test('3.5 the exact commit is brought, though the branch has moved on', async () => {
    await using t = await setUp();
    const old = await t.repository.commit({ 'a.txt': 'old' });
    await t.repository.commit({ 'a.txt': 'new' });
    const info = await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: old }, silent, never);
    assert.equal(info.sha, old);
    const { path } = await t.source.checkout(t.repository.url, old, 'd1', never);
    assert.equal(await readFile(join(path, 'a.txt'), 'utf8'), 'old');
  });

  test('a commit that a forced push has left behind is still brought', async () => {
    await using t = await setUp();
    const lost = await t.repository.commit({ 'a.txt': 'lost' });
    await t.repository.git('update-ref', '-d', 'refs/heads/main');
    await t.repository.commit({ 'a.txt': 'other' });
    const info = await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: lost }, silent, never);
    assert.equal(info.sha, lost);
  });

  test('a commit that is in the mirror is not fetched again: no network is used', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': '1', 'dir/b.txt': '2' });
    await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: sha }, silent, never);
    const before = t.server.requests();
    await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: sha }, silent, never);
    await t.source.treeId(t.repository.url, sha, 'dir', never);
    await t.source.checkout(t.repository.url, sha, 'd1', never);
    assert.equal(t.server.requests(), before);
  });

  test('tells its progress in whole lines', async () => {
    await using t = await setUp();
    await t.repository.commit(
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}.txt`, `${i}`.repeat(50)])),
    );
    const lines: string[] = [];
    await t.source.fetch({ repository: t.repository.url, branch: 'main', commit: null }, (l) => lines.push(l), never);
    assert.ok(
      lines.some((line) => /objects: 100%.*done\.$/.test(line)),
      lines.join('\n'),
    );
    assert.ok(lines.every((line) => !line.includes('\r') && !line.includes('\u001b')));
  });

  test('many at once on one repository wait for each other and all succeed', async () => {
    await using t = await setUp();
    const shas: string[] = [];
    for (let i = 0; i < 4; i += 1) shas.push(await t.repository.commit({ 'a.txt': `${i}` }));
    const results = await Promise.all(
      shas.map(async (commit, i) => {
        await t.source.fetch({ repository: t.repository.url, branch: 'main', commit }, silent, never);
        const { path } = await t.source.checkout(t.repository.url, commit, `d${i}`, never);
        return readFile(join(path, 'a.txt'), 'utf8');
      }),
    );
    assert.deepEqual(results, ['0', '1', '2', '3']);
  });

  test('credentials in the URL are used, and shown to nobody', async () => {
    await using server = await startGitServer({ credentials: { user: 'bot', password: 'p4ss/w@rd' } });
    await using dir = await temporary();
    const repository = await server.createRepository('private');
    const sha = await repository.commit({ 'a.txt': '1' });
    const url = repository.url.replace('://', '://bot:p4ss%2Fw%40rd@');
    const source = await sourceAt(dir.path);
    const lines: string[] = [];
    const info = await source.fetch({ repository: url, branch: 'main', commit: null }, (l) => lines.push(l), never);
    assert.equal(info.sha, sha);
    const missing = source.fetch({ repository: url, branch: 'nope', commit: null }, (l) => lines.push(l), never);
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
    await source.fetch({ repository: withCredentials, branch: 'main', commit }, silent, never);
    const without = source.fetch({ repository: repository.url, branch: 'main', commit }, silent, never);
    await assert.rejects(without, failsWith('repository_needs_credentials'));
  });
});

describe('bad input gets a clear error', () => {
  test('3.5 names that are options, commands or paths are refused, and nothing is run', async () => {
    await using t = await setUp();
    await t.repository.commit({ 'a.txt': '1' });
    const trap = join(t.dir, 'touched');
    const names = [
      `--upload-pack=touch ${trap}`,
      `$(touch ${trap})`,
      '$(id)',
      '../x',
      '-x',
      'a b',
      'a..b',
      'x.lock',
      '',
      '/x',
      'a//b',
      '@{-1}',
      'a\nb',
    ];
    for (const branch of names) {
      const fetched = t.source.fetch({ repository: t.repository.url, branch, commit: null }, silent, never);
      await assert.rejects(fetched, failsWith('ref_invalid'), branch);
    }
    for (const commit of ['--help', 'HEAD', zero.slice(1), zero.toUpperCase().replaceAll('0', 'A'), 'main']) {
      const fetched = t.source.fetch({ repository: t.repository.url, branch: 'main', commit }, silent, never);
      await assert.rejects(fetched, failsWith('ref_invalid'), commit);
    }
    await assert.rejects(stat(trap), { code: 'ENOENT' });
  });

  test('branches with slashes, dots, signs and letters of any script are legal', async () => {
    await using t = await setUp();
    for (const branch of ['feature/größe', 'release-1.2', 'dependabot/npm/@scope/x-1', '日本', 'a+b=c#1']) {
      const sha = await t.repository.commit({ 'a.txt': branch }, { branch });
      const info = await t.source.fetch({ repository: t.repository.url, branch, commit: null }, silent, never);
      assert.equal(info.sha, sha);
    }
  });

  test('addresses of schemes that are not allowed are refused before Git is started', async () => {
    await using dir = await temporary();
    const source = await sourceAt(dir.path, { allowedProtocols: ['https', 'ssh'] });
    const addresses = [
      'file:///etc',
      '/etc',
      '../x',
      'http://localhost/x',
      'git://localhost/x',
      'ext::sh -c id',
      'ext::id',
      '--upload-pack=id',
      'ssh://-oProxyCommand=id/x',
      'git@-oProxyCommand=id:x',
      'git@host:-x',
      'ftp://host/x',
      'https://',
      'https://host/a b',
      '',
    ];
    for (const repository of addresses) {
      const fetched = source.fetch({ repository, branch: 'main', commit: null }, silent, never);
      await assert.rejects(fetched, failsWith('repository_refused'), repository);
    }
  });

  test('git@host:path is ssh', async () => {
    await using dir = await temporary();
    const source = await sourceAt(dir.path, { allowedProtocols: ['ssh'] });
    const fetched = source.fetch(
      { repository: 'git@localhost.invalid:me/app.git', branch: 'main', commit: null },
      silent,
      never,
    );
    await assert.rejects(fetched, failsWith('repository_unreachable'));
  });

  test('a repository that does not exist, a branch, a commit and a directory are told apart', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': '1', 'dir/b.txt': '1' });
    const { url } = t.repository;
    const fetch = (repository: string, branch: string, commit: string | null) =>
      t.source.fetch({ repository, branch, commit }, silent, never);
    await assert.rejects(
      fetch(`${t.server.url}/none.git`, 'main', null),
      failsWith('repository_not_found', /none\.git/),
    );
    await assert.rejects(fetch(url, 'nope', null), failsWith('branch_not_found', /no branch nope/));
    await assert.rejects(fetch(url, 'main', zero), failsWith('commit_not_found', new RegExp(zero)));
    await assert.rejects(t.source.treeId(url, sha, 'none', never), failsWith('directory_not_found', /none/));
    await assert.rejects(t.source.treeId(url, sha, 'a.txt', never), failsWith('directory_not_found'));
    await assert.rejects(t.source.treeId(url, sha, '../etc', never), failsWith('directory_not_found'));
    assert.deepEqual(t.warnings, [], 'none of these makes the mirror anew');
  });

  test('a tree or a blob is not a commit', async () => {
    await using t = await setUp();
    const sha = await t.repository.commit({ 'a.txt': '1' });
    const tree = await t.repository.git('rev-parse', `${sha}^{tree}`);
    const fetched = t.source.fetch({ repository: t.repository.url, branch: 'main', commit: tree }, silent, never);
    await assert.rejects(fetched, failsWith('commit_not_found'));
  });

  test('a server that asks for credentials', async () => {
    await using server = await startGitServer({ credentials: { user: 'a', password: 'b' } });
    await using dir = await temporary();
    const repository = await server.createRepository('private');
    const source = await sourceAt(dir.path);
    const fetched = source.fetch({ repository: repository.url, branch: 'main', commit: null }, silent, never);
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
      source.fetch({ repository: url, branch: 'main', commit: null }, silent, never),
      failsWith('repository_unreachable'),
    );
    await using broken = await startGitServer({ before: (_, response) => void response.writeHead(500).end() });
    const fetchBroken = source.fetch(
      { repository: `${broken.url}/app.git`, branch: 'main', commit: null },
      silent,
      never,
    );
    await assert.rejects(fetchBroken, failsWith('repository_unreachable', /500/));
    await using silentServer = await startGitServer({ before: () => new Promise(() => {}) });
    const late = source.fetch(
      { repository: `${silentServer.url}/app.git`, branch: 'main', commit: null },
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
    const fetched = t.source.fetch({ repository: t.repository.url, branch: 'main', commit: null }, silent, never);
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
      const fetched = source.fetch({ repository: t.repository.url, branch: 'main', commit: null }, silent, never);
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
    const { path } = await t.source.checkout(t.repository.url, sha, 'd1', never);
    assert.equal(await readlink(join(path, 'link')), 'a.txt');
    assert.equal(await readlink(join(path, 'out')), '/etc/passwd');
    assert.ok((await lstat(join(path, 'link'))).isSymbolicLink());
    assert.deepEqual((await readdir(path)).toSorted(), ['.gitattributes', 'a.txt', 'link', 'out']);
  });

  test('an older work tree of the same owner is replaced; owners are listed until released', async () => {
    await using t = await setUp();
    const one = await t.repository.commit({ 'a.txt': '1', 'gone.txt': 'x' });
    const two = await t.repository.commit({ 'a.txt': '2', 'gone.txt': null });
    const first = await t.source.checkout(t.repository.url, one, 'd1', never);
    await writeFile(join(first.path, 'left.txt'), 'from a build');
    const second = await t.source.checkout(t.repository.url, two, 'd1', never);
    await t.source.checkout(t.repository.url, one, 'd2', never);
    assert.deepEqual(await readdir(second.path), ['a.txt']);
    assert.deepEqual((await t.source.owners()).toSorted(), ['d1', 'd2']);
    await t.source.release('d1');
    await t.source.release('d1');
    await t.source.release('d2');
    assert.deepEqual(await t.source.owners(), []);
    await assert.rejects(t.source.checkout(t.repository.url, one, '../d3', never), failsWith('invalid_input'));
  });

  test('equal trees have equal ids, whatever the commit', async () => {
    await using t = await setUp();
    const one = await t.repository.commit({ 'app/a.txt': '1', 'other.txt': '1' });
    const two = await t.repository.commit({ 'other.txt': '2' });
    const idOf = (commit: string, directory: string) => t.source.treeId(t.repository.url, commit, directory, never);
    assert.equal(await idOf(one, 'app'), await idOf(two, './app/'));
    assert.notEqual(await idOf(one, '.'), await idOf(two, ''));
    assert.match(await idOf(one, ''), /^[0-9a-f]{40}$/);
  });
});
