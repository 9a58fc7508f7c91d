import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { pack } from 'tar-fs';
import { createNginxStaticFiles } from '../../src/drivers/static/nginx/nginx-static-files.ts';
import { until } from '../harness/haproxy.ts';
import { mayMount, mountSmallDisk } from '../harness/small-disk.ts';
import { get, setUp, tree } from './static-files-set-up.ts';

const run = promisify(execFile);
const limit = () => AbortSignal.timeout(15_000);

async function started() {
  const t = await setUp();
  const { bundle } = await t.files.putDirectory(await tree(t.root, 'site', { 'index.html': 'home' }), limit());
  await t.files.ensureRunning(limit());
  const own = (name: string) => join(t.options.dir, 'nginx', name);
  // nginx may answer before its supervisor has written down which process it is.
  await until('its process id is on file', () => existsSync(own('supervise.pid.child')));
  const pidIn = async (name: string) => Number((await readFile(own(name), 'utf8')).trim().split(' ')[0]);
  const ask = (path: string, method = 'GET') => get(t.options.socketPath, path, { 'x-cutover-bundle': bundle }, method);
  const answers = () =>
    ask('/').then(
      ({ status }) => status === 200,
      () => false,
    );
  return { ...t, bundle, own, pidIn, ask, answers, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() };
}

describe('5.10 the static server survives', () => {
  test('a killed master is replaced within a second, and its orphaned workers end', async () => {
    await using t = await started();
    const master = await t.pidIn('supervise.pid.child');
    const workers = await childrenOf(master);
    assert.ok(workers.length > 0);
    const began = performance.now();
    process.kill(master, 'SIGKILL');
    await until('another master runs', async () => {
      const now = await t.pidIn('supervise.pid.child');
      return now !== master && (await childrenOf(now)).length > 0;
    });
    await until('it serves again', t.answers);
    assert.ok(performance.now() - began < 1_000, `${performance.now() - began} ms`);
    await until('the old workers are gone', async () =>
      (await Promise.all(workers.map(isAlive))).every((alive) => !alive),
    );
  });

  test('nginx that outlived its killed supervisor goes on serving and is supervised again', async () => {
    await using t = await started();
    const supervisor = await t.pidIn('supervise.pid');
    const master = await t.pidIn('supervise.pid.child');
    process.kill(supervisor, 'SIGKILL');
    await until('the supervisor is gone', async () => !(await isAlive(supervisor)));
    await t.files.ensureRunning(limit());
    await until('another supervisor', async () => (await t.pidIn('supervise.pid')) !== supervisor);
    assert.equal(await isAlive(master), true);
    assert.equal(await t.answers(), true);
    process.kill(master, 'SIGKILL');
    await until(
      'another master serves',
      async () => (await t.pidIn('supervise.pid.child')) !== master && (await t.answers()),
    );
  });

  test('what a killed supervisor had just started holds its lock for a moment, and is waited for', async () => {
    await using t = await started();
    const supervisor = await t.pidIn('supervise.pid');
    process.kill(supervisor, 'SIGKILL');
    await until('the supervisor is gone', async () => !(await isAlive(supervisor)));
    const lock = t.own('supervise.pid.lock');
    const holder = spawn('flock', ['-n', lock, 'sleep', '0.5'], { stdio: 'ignore' });
    const ended = once(holder, 'exit');
    await until('the lock is held', async () => (await run('flock', ['-n', lock, 'true']).catch(() => null)) === null);
    await t.files.ensureRunning(limit());
    await until('another supervisor', async () => (await t.pidIn('supervise.pid')) !== supervisor);
    assert.deepEqual(await ended, [0, null]);
  });

  test('stop ends nginx also when its supervisor was killed', async () => {
    await using t = await started();
    const supervisor = await t.pidIn('supervise.pid');
    const master = await t.pidIn('supervise.pid.child');
    process.kill(supervisor, 'SIGKILL');
    await until('the supervisor is gone', async () => !(await isAlive(supervisor)));
    await t.files.stop(limit());
    await until('nginx is gone', async () => !(await isAlive(master)), 2_000);
    assert.equal(await t.answers(), false);
  });

  test('a process that got the id of a dead supervisor is not signalled by stop', async () => {
    await using t = await started();
    await t.files.stop(limit());
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      await once(bystander, 'spawn');
      await writeFile(t.own('supervise.pid'), `${bystander.pid}\n`);
      await writeFile(t.own('supervise.pid.child'), `${bystander.pid} 1\n`);
      await writeFile(t.own('nginx.pid'), `${bystander.pid}\n`);
      await t.files.stop(limit());
      assert.equal(bystander.exitCode ?? bystander.signalCode, null);
      assert.equal(await isAlive(bystander.pid ?? 0), true);
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  test('a server with another configuration is given ours by a reload, without a new master', async () => {
    await using t = await started();
    const master = await t.pidIn('supervise.pid.child');
    const text = await readFile(t.own('nginx.conf'), 'utf8');
    const workers = await childrenOf(master);
    await writeFile(t.own('nginx.conf'), text.replaceAll(/x-cutover-config [0-9a-f]+/g, 'x-cutover-config other'));
    process.kill(master, 'SIGHUP');
    await until('other workers', async () => (await childrenOf(master)).every((pid) => !workers.includes(pid)));
    const again = await createNginxStaticFiles(t.options);
    await again.ensureRunning(limit());
    assert.equal(await readFile(t.own('nginx.conf'), 'utf8'), text);
    assert.equal(await t.pidIn('supervise.pid.child'), master);
    assert.equal(await t.answers(), true);
  });
});

describe('10 nothing but the bundle is served', () => {
  test('a symbolic link that was put into a stored bundle is not followed', async () => {
    await using t = await started();
    const inside = join(t.options.dir, 'bundles', t.bundle);
    await writeFile(join(t.root, 'secret.txt'), 'secret');
    await symlink(join(t.root, 'secret.txt'), join(inside, 'leak.txt'));
    await symlink(t.root, join(inside, 'up'));
    for (const path of ['/leak.txt', '/up/secret.txt']) {
      const answer = await t.ask(path);
      assert.notEqual(answer.status, 200, path);
      assert.doesNotMatch(answer.body.toString(), /secret/, path);
    }
  });

  test('no name leads to a file that begins with a dot, whatever fallback is tried', async () => {
    await using t = await started();
    const files = { 'index.html': 'home', 'about/.html': 'dot', '.none': 'dot', 'a/.well-known/x': 'dot' };
    const { bundle } = await t.files.putDirectory(await tree(t.root, 'dots', files), limit());
    for (const path of ['/about/', '/nothing-here', '/a/.well-known/x', '/.none']) {
      const answer = await get(t.options.socketPath, path, { 'x-cutover-bundle': bundle });
      assert.equal(answer.status, 404, path);
    }
  });

  test('10 links are replaced by what they lead to, also directories; those that would go on for ever are refused', async () => {
    await using t = await started();
    const files = { 'index.html': 'home', 'a/x.txt': 'x', 'a/y': { link: '../b' }, 'b/z.txt': 'z', all: { link: 'a' } };
    const { bundle, files: count } = await t.files.putDirectory(await tree(t.root, 'links', files), limit());
    assert.equal(count, 6);
    for (const [path, body] of [
      ['/all/x.txt', 'x'],
      ['/all/y/z.txt', 'z'],
      ['/a/y/z.txt', 'z'],
    ] as const) {
      assert.equal((await get(t.options.socketPath, path, { 'x-cutover-bundle': bundle })).body.toString(), body, path);
    }
    const plain = {
      'index.html': 'home',
      'a/x.txt': 'x',
      'a/y/z.txt': 'z',
      'b/z.txt': 'z',
      'all/x.txt': 'x',
      'all/y/z.txt': 'z',
    };
    assert.equal((await t.files.putDirectory(await tree(t.root, 'plain', plain), limit())).bundle, bundle);
    const endless = [
      { l: { link: '.' } },
      { 'a/l': { link: '..' } },
      { 'a/l': { link: '../b' }, 'b/l': { link: '../a' } },
    ];
    for (const [n, bad] of endless.entries()) {
      const path = await tree(t.root, `endless${n}`, { 'index.html': 'home', ...bad });
      await assert.rejects(t.files.putDirectory(path, limit()), { code: 'invalid_input' }, String(n));
    }
    assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
  });

  test('only GET and HEAD are answered, on paths that exist and on others', async () => {
    await using t = await started();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      for (const path of ['/', '/missing', '/.env']) {
        const answer = await t.ask(path, method);
        assert.equal(answer.status, 405, `${method} ${path}`);
        assert.equal(answer.headers['cache-control'], 'no-store', `${method} ${path}`);
        assert.equal(answer.headers.allow, 'GET, HEAD');
      }
    }
  });

  test('no answer names the host or port of the static server', async () => {
    await using t = await started();
    const { bundle } = await t.files.putDirectory(
      await tree(t.root, 'folders', { 'index.html': 'home', 'docs/index.html': 'docs', 'img/a.png': 'a' }),
      limit(),
    );
    for (const path of ['/docs', '/img', '/img/', '//docs']) {
      const { headers } = await get(t.options.socketPath, path, { 'x-cutover-bundle': bundle });
      assert.ok(headers.location === undefined || headers.location.startsWith('/'), `${path} -> ${headers.location}`);
    }
  });
});

describe('5.10 what a browser may keep', () => {
  test('only names that carry a hash are kept for good; dates, sizes, versions and pages are not', async () => {
    await using t = await started();
    const lasting = [
      'main.3f2a9c1b.css',
      'main-4PZKJ7QW.js',
      'static/js/main.8e0d62a4.js.map',
      'assets/a-B_x4-q9Z.svg',
      '_nuxt/DiwrgTda.js',
    ];
    const fleeting = [
      'assets/logo-1920x1080.png',
      'assets/icon-512x512.png',
      'assets/photo-1024x768.png',
      'js/bootstrap-datepicker-v10.js',
      'css/font-awesome-v470.css',
      'report-20240131.pdf',
      'static/img/logo-2024-summer.png',
      'p.3f2a9c1b.html',
      '_nuxt/builds/latest.json',
    ];
    const files = Object.fromEntries([...lasting, ...fleeting].map((path) => [path, 'x']));
    const { bundle } = await t.files.putDirectory(await tree(t.root, 'hashed', files), limit());
    for (const path of [...lasting, ...fleeting]) {
      const { status, headers } = await get(t.options.socketPath, `/${path}`, { 'x-cutover-bundle': bundle });
      assert.equal(status, 200, path);
      const kept = 'public, max-age=31536000, immutable';
      assert.equal(headers['cache-control'], lasting.includes(path) ? kept : 'no-cache', path);
    }
  });

  test('a compressed answer has an ETag of its own, and nothing is said in the log', async () => {
    await using t = await started();
    const { bundle } = await t.files.putDirectory(
      await tree(t.root, 'zip', { 'index.html': 'x'.repeat(3_000) }),
      limit(),
    );
    const chosen = { 'x-cutover-bundle': bundle };
    const plain = await get(t.options.socketPath, '/', chosen);
    const zipped = await get(t.options.socketPath, '/', { ...chosen, 'accept-encoding': 'gzip' });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(zipped.headers.vary, 'Accept-Encoding');
    assert.notEqual(zipped.headers.etag, plain.headers.etag);
    assert.equal((await readFile(t.own('nginx.log'), 'utf8')).trim(), '');
  });
});

describe('storing, when much happens at once', () => {
  test('the same files put ten times at once are stored once', async () => {
    await using t = await setUp();
    const path = await tree(t.root, 'site', { 'index.html': 'x'.repeat(5_000), 'a/b.css': 'y' });
    const stored = await Promise.all(Array.from({ length: 10 }, () => t.files.putDirectory(path, limit())));
    assert.equal(new Set(stored.map(({ bundle }) => bundle)).size, 1);
    assert.deepEqual(await t.files.list(), [stored[0]?.bundle]);
    assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
  });

  test('what a crash left half done is removed at the next start; bundles stay', async () => {
    await using t = await setUp();
    const { bundle } = await t.files.putDirectory(await tree(t.root, 'site', { 'index.html': 'x' }), limit());
    await mkdir(join(t.options.dir, 'incoming', 'half', 'done'), { recursive: true });
    const again = await createNginxStaticFiles(t.options);
    await again.ensureRunning(limit());
    assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
    assert.equal(await again.has(bundle), true);
  });

  test('compressed siblings do not change the hash, and are made only where they are smaller', async () => {
    await using t = await setUp();
    const files = { 'big.js': 'a'.repeat(2_000), 'small.js': 'a'.repeat(900), 'photo.png': 'a'.repeat(2_000) };
    const path = await tree(t.root, 'site', files);
    const first = await t.files.putDirectory(path, limit());
    const names = (await readdir(join(t.options.dir, 'bundles', first.bundle))).toSorted();
    assert.deepEqual(names, ['big.js', 'big.js.gz', 'photo.png', 'small.js']);
    assert.deepEqual(await t.files.putDirectory(path, limit()), first);
    assert.equal(first.files, 3);
  });

  test(
    'a full disk is named as such, whichever way files come, leaves nothing half done, and with room they are stored',
    { skip: !mayMount },
    async () => {
      await using t = await setUp();
      const path = await tree(t.root, 'site', {
        'film.bin': randomBytes(3_000_000),
        'page.html': 'text '.repeat(300_000),
      });
      const archives = [join(t.root, 'site.tar.gz'), join(t.root, 'site.zip')] as const;
      await run('tar', ['czf', archives[0], '-C', path, '.']);
      await run('zip', ['-qr', archives[1], '.'], { cwd: path });
      await using disk = await mountSmallDisk(t.options.dir, 4);
      const files = await createNginxStaticFiles(t.options);
      const ways = {
        directory: () => files.putDirectory(path, limit()),
        stream: () => files.putTar(Readable.from(pack(path)), limit()),
        tar: () => files.putArchive(archives[0], limit()),
        zip: () => files.putArchive(archives[1], limit()),
      };
      for (const [way, put] of Object.entries(ways)) {
        await assert.rejects(put(), { code: 'disk_full' }, way);
        assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), [], way);
      }
      assert.deepEqual(await files.list(), []);
      // Enough for the files, and not for what is made of them.
      await disk.resize(5);
      {
        await using _almost = await disk.fill(4_508_000);
        await assert.rejects(ways.directory(), { code: 'disk_full' });
        assert.deepEqual(await readdir(join(t.options.dir, 'incoming')), []);
      }
      await disk.resize(16);
      const stored = new Set<string>();
      for (const put of Object.values(ways)) stored.add((await put()).bundle);
      assert.deepEqual(await files.list(), [...stored]);
      assert.equal(stored.size, 1);
    },
  );

  test('a server that cannot be started is named, with the end of its log', async () => {
    await using t = await setUp();
    const nginxBin = join(t.root, 'no-nginx');
    const without = await createNginxStaticFiles({ ...t.options, nginxBin });
    await assert.rejects(without.ensureRunning(AbortSignal.timeout(20_000)), {
      code: 'static_server_unavailable',
      message: /no-nginx: not found/,
    });
    const alone = await createNginxStaticFiles({ ...t.options, supervisePath: join(t.root, 'none') });
    await without.stop(limit());
    await assert.rejects(alone.ensureRunning(limit()), { code: 'static_server_unavailable' });
  });
});

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** A zombie has no executable any more. */
async function isAlive(pid: number): Promise<boolean> {
  return readlink(`/proc/${pid}/exe`).then(
    () => true,
    () => false,
  );
}
