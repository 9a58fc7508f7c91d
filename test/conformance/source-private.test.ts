import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { defaultTokenUser, type DeployKey, type RepositoryToken } from '../../src/domain/repository-credential.ts';
import { repositoryAt, startGitServer, type TestRepository } from '../harness/git-server.ts';
import { failsWith, plain, sourceAt, temporary, treeOf } from '../harness/git-server-source.ts';
import { startSshServer, type SshServer } from '../harness/sshd.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const silent = () => {};
const secret = 'tok_5f2b9c8e71d04a36';
const encoded = Buffer.from(`${defaultTokenUser}:${secret}`).toString('base64');
const spellings = new RegExp(`${secret}|${encoded}`);

function tokenFor(url: string): RepositoryToken {
  return { kind: 'token', username: defaultTokenUser, token: secret, host: new URL(url).origin };
}

/** Everything that a person or a log could be shown of an error. */
function shownOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = 'lines' in error ? JSON.stringify(error.lines) : '';
  return [error.message, error.stack, lines, error.cause === undefined ? '' : shownOf(error.cause)].join('\n');
}

describe('a token', () => {
  test('is in no argument of any process, no file, no line and no error', async () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    await using server = await startGitServer({
      credentials: { user: defaultTokenUser, password: secret },
      before: () => {
        asked.resolve();
        return answered.promise;
      },
    });
    await using dir = await temporary();
    const repository = await server.createRepository('app');
    await repository.commit({ 'a.txt': '1' });
    const warned: object[] = [];
    const source = await sourceAt(dir.path, { log: { warn: (details) => warned.push(details) } });
    const lines: string[] = [];
    const address = plain(repository.url, tokenFor(server.url));
    const request = { repository: address, branch: 'main', commit: null };
    const fetched = source.fetch(request, (line) => lines.push(line), never);
    await asked.promise;
    const { stdout: processes } = await run('ps', ['-e', '-ww', '-o', 'args'], { maxBuffer: 16 * 1024 * 1024 });
    answered.resolve();
    const { sha } = await fetched;
    await source.checkout({ ...treeOf(repository.url, sha, 'd1'), repository: address }, silent, never);
    const missing = source.fetch({ ...request, branch: 'nope' }, (line) => lines.push(line), never);
    const error = await missing.catch((thrown: unknown) => thrown);
    failsWith('branch_not_found')(error);
    assert.match(processes, /git-remote-http|git remote-http/);
    for (const text of [processes, lines.join('\n'), JSON.stringify(warned), shownOf(error)])
      assert.doesNotMatch(text, spellings);
    await assert.rejects(run('grep', ['-rlE', spellings.source, dir.path]), { code: 1 });
  });

  test('is left out of what a server says that repeats it', async () => {
    await using server = await startGitServer({
      before: (request, response) => {
        const said = `you showed me ${secret} as ${request.headers.authorization}\n`;
        response.writeHead(403, { 'content-type': 'text/plain' }).end(said);
      },
    });
    await using dir = await temporary();
    const source = await sourceAt(dir.path);
    const lines: string[] = [];
    const repository = plain(`${server.url}/app.git`, tokenFor(server.url));
    const fetched = source.fetch({ repository, branch: 'main', commit: null }, (line) => lines.push(line), never);
    const error = await fetched.catch((thrown: unknown) => thrown);
    failsWith('repository_credentials_refused')(error);
    assert.match(lines.join('\n'), /you showed me •+ as/);
    assert.doesNotMatch(lines.join('\n') + shownOf(error), spellings);
  });

  test('does not go along with a redirect, and the error says what to do', async () => {
    const seen: (string | undefined)[] = [];
    await using other = await startGitServer({
      before: (request) => void seen.push(request.headers.authorization),
    });
    await using server = await startGitServer({
      before: (request, response) => void response.writeHead(301, { location: `${other.url}${request.url}` }).end(),
    });
    const repository = await other.createRepository('app');
    await repository.commit({ 'a.txt': '1' });
    await using dir = await temporary();
    const source = await sourceAt(dir.path);
    const address = plain(`${server.url}/app.git`, tokenFor(server.url));
    const fetched = source.fetch({ repository: address, branch: 'main', commit: null }, silent, never);
    await assert.rejects(fetched, failsWith('repository_not_found', /leads elsewhere/));
    assert.deepEqual(seen, []);
    // Without credentials there is nothing to lose.
    const open = { repository: plain(`${server.url}/app.git`), branch: 'main', commit: null };
    await source.fetch(open, silent, never);
    assert.deepEqual([...new Set(seen)], [undefined]);
  });
});

describe('a deploy key', { skip: process.getuid?.() !== 0 && 'needs root for a server of its own' }, () => {
  let ssh: SshServer;
  let repository: Pick<TestRepository, 'commit'>;
  let url: string;
  const stack = new AsyncDisposableStack();

  before(async () => {
    ssh = stack.use(await startSshServer());
    const { path } = stack.use(await temporary());
    await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', join(path, 'app.git')]);
    repository = repositoryAt(join(path, 'app.git'));
    url = `${ssh.url}${path}/app.git`;
  });
  after(() => stack.disposeAsync());

  const keyOf = (privateKey: string): DeployKey => ({ kind: 'deploy-key', privateKey, host: ssh.host });
  const request = (key: string | null, project = 'p1') => {
    return { repository: plain(url, key === null ? null : keyOf(key), project), branch: 'main', commit: null };
  };

  test('reads the repository, and is nowhere on the disk afterwards', async () => {
    const sha = await repository.commit({ 'a.txt': '1' });
    await using temporaryDirectory = await temporary();
    // ssh and the shell that starts it must not make anything of what stands in a path.
    const dir = join(temporaryDirectory.path, `a %h "b" '$(id)' \\c`);
    const source = await sourceAt(dir);
    const info = await source.fetch(request(ssh.key), silent, never);
    assert.equal(info.sha, sha);
    assert.deepEqual(await readdir(join(dir, 'keys')), []);
    assert.equal((await stat(join(dir, 'keys'))).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(join(dir, 'known-hosts')), ['p1']);
    await assert.rejects(run('grep', ['-rl', 'PRIVATE KEY', dir]), { code: 1 });
  });

  test('a key that a crash left behind is removed by the next start', async () => {
    await using dir = await temporary();
    await sourceAt(dir.path);
    await run('touch', [join(dir.path, 'keys', 'left')]);
    await sourceAt(dir.path);
    assert.deepEqual(await readdir(join(dir.path, 'keys')), []);
  });

  test('a wrong key, and none at all, have an error each: the machine has no key of its own to show', async () => {
    await using dir = await temporary();
    const source = await sourceAt(dir.path);
    await assert.rejects(
      source.fetch(request(ssh.strangeKey), silent, never),
      failsWith('repository_credentials_refused'),
    );
    await assert.rejects(source.fetch(request(null), silent, never), failsWith('repository_needs_credentials'));
  });

  test('a server with another key than before is refused, for every project that knew it, until that forgets it', async () => {
    await repository.commit({ 'a.txt': '2' });
    await using dir = await temporary();
    const source = await sourceAt(dir.path);
    await source.fetch(request(ssh.key), silent, never);
    await ssh.changeHostKey();
    const changed = source.fetch(request(ssh.key), silent, never);
    await assert.rejects(changed, failsWith('repository_host_changed', /SHA256:/));
    await source.fetch(request(ssh.key, 'p2'), silent, never);
    await source.forgetHostKeys('p1');
    await source.fetch(request(ssh.key), silent, never);
    assert.match(await readFile(join(dir.path, 'known-hosts', 'p1'), 'utf8'), /^\[127\.0\.0\.1\]:\d+ /m);
  });
});
