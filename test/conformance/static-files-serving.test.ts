import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createNginxStaticFiles } from '../../src/drivers/static/nginx/nginx-static-files.ts';
import { never, serve, setUp, tree, type Tree } from './static-files-set-up.ts';

const run = promisify(execFile);

describe('5.10 serving', () => {
  const page = `<h1>home</h1>${'text '.repeat(500)}`;
  const site: Tree = {
    'index.html': page,
    'about.html': 'about',
    'docs/index.html': 'docs',
    '404.html': 'own 404',
    'assets/index-DiwrgTda.js': 'console.log(1)',
    'assets/main.3f2a9c1b.css': 'a{}',
    'assets/hero-background.png': 'png',
    '_next/static/chunks/x.js': '1',
    'app.wasm': 'wasm',
    'font.woff2': 'font',
    'm.mjs': '1',
    'with space ü.txt': 'ü',
    '.env': 'SECRET=1',
    'dir/.hidden/file.txt': 'x',
    '.well-known/security.txt': 'contact',
  };

  const serving = (files: Tree = site) => serve(files);

  test('files, directories and pages without .html; 404 with the bundle’s own page', async () => {
    await using t = await serving();
    const answers: Record<string, [status: number, body: string]> = {
      '/': [200, page],
      '/index.html': [200, page],
      '/about': [200, 'about'],
      '/docs': [200, 'docs'],
      '/docs/': [200, 'docs'],
      '/with%20space%20%C3%BC.txt?x=1': [200, 'ü'],
      '/.well-known/security.txt': [200, 'contact'],
      '/none': [404, 'own 404'],
      '/.env': [404, 'own 404'],
      '/%2eenv': [404, 'own 404'],
      '/dir/.hidden/file.txt': [404, 'own 404'],
      '/../../../etc/passwd': [400, ''],
      '/..%2f..%2fetc/passwd': [400, ''],
    };
    for (const [path, [status, body]] of Object.entries(answers)) {
      const answer = await t.ask(path);
      assert.equal(answer.status, status, path);
      if (body !== '') assert.equal(answer.body.toString(), body, path);
    }
  });

  test('the bundle is chosen by the header alone; anything but 64 hex digits of a stored bundle is 404', async () => {
    await using t = await serving();
    for (const bundle of [
      '',
      'x',
      '..',
      '../static',
      t.bundle.toUpperCase(),
      `${t.bundle}0`,
      `${t.bundle}/..`,
      '0'.repeat(64),
      'none',
      '.',
    ]) {
      const answer = await t.ask('/index.html', { 'x-cutover-bundle': bundle });
      assert.equal(answer.status, 404, bundle);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
  });

  test('with the single-page header unknown paths are /index.html with 200, known ones are themselves', async () => {
    await using t = await serving();
    const spa = { 'x-cutover-spa': '1' };
    const unknown = await t.ask('/some/deep/link', spa);
    assert.equal(unknown.status, 200);
    assert.equal(unknown.body.toString(), page);
    assert.equal(unknown.headers['cache-control'], 'no-cache');
    assert.equal((await t.ask('/about', spa)).body.toString(), 'about');
    assert.equal((await t.ask('/.env', spa)).status, 404);
    assert.equal((await t.ask('/some/deep/link', { 'x-cutover-spa': '0' })).status, 404);
  });

  test('a bundle without a 404 page gets a plain one that is not stored', async () => {
    await using t = await serving({ 'index.html': 'x' });
    const answer = await t.ask('/none');
    assert.equal(answer.status, 404);
    assert.match(answer.body.toString(), /no such page/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal((await t.ask('/404.html')).status, 404);
  });

  test('hashed assets are immutable, everything else is asked for again', async () => {
    await using t = await serving();
    const lasting = 'public, max-age=31536000, immutable';
    const expected: Record<string, string> = {
      '/': 'no-cache',
      '/about': 'no-cache',
      '/app.wasm': 'no-cache',
      '/assets/hero-background.png': 'no-cache',
      '/assets/index-DiwrgTda.js': lasting,
      '/assets/main.3f2a9c1b.css': lasting,
      '/_next/static/chunks/x.js': lasting,
      '/_next/static/chunks/gone.js': 'no-store',
    };
    for (const [path, value] of Object.entries(expected)) {
      assert.equal((await t.ask(path)).headers['cache-control'], value, path);
    }
  });

  test('content types are right', async () => {
    await using t = await serving();
    const expected: Record<string, string> = {
      '/': 'text/html; charset=utf-8',
      '/assets/index-DiwrgTda.js': 'text/javascript; charset=utf-8',
      '/m.mjs': 'text/javascript; charset=utf-8',
      '/assets/main.3f2a9c1b.css': 'text/css; charset=utf-8',
      '/app.wasm': 'application/wasm',
      '/font.woff2': 'font/woff2',
      '/assets/hero-background.png': 'image/png',
    };
    for (const [path, type] of Object.entries(expected)) {
      assert.equal((await t.ask(path)).headers['content-type'], type, path);
    }
  });

  test('ETags, ranges, HEAD and compressed answers', async () => {
    await using t = await serving();
    const plain = await t.ask('/');
    const { etag } = plain.headers;
    assert.ok(etag);
    assert.equal((await t.ask('/', { 'if-none-match': etag })).status, 304);
    const part = await t.ask('/', { range: 'bytes=4-7' });
    assert.equal(part.status, 206);
    assert.equal(part.body.toString(), page.slice(4, 8));
    const head = await t.ask('/', {}, 'HEAD');
    assert.equal(head.status, 200);
    assert.equal(Number(head.headers['content-length']), page.length);
    const zipped = await t.ask('/', { 'accept-encoding': 'gzip' });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.ok(zipped.body.length < page.length / 2);
    assert.equal(gunzipSync(zipped.body).toString(), page);
    assert.equal((await t.ask('/', {}, 'POST')).status, 405);
  });

  test('a changed file of the same size and time has another ETag; an unchanged one keeps its own', async () => {
    await using t = await serving();
    const changed = await tree(t.root, 'next', { 'index.html': page.replace('home', 'HOME'), 'about.html': 'about' });
    const { bundle } = await t.files.putDirectory(changed, never);
    const now = { 'x-cutover-bundle': bundle };
    assert.notEqual((await t.ask('/', now)).headers.etag, (await t.ask('/')).headers.etag);
    assert.equal((await t.ask('/about', now)).headers.etag, (await t.ask('/about')).headers.etag);
  });

  test('the worker is not root', { skip: process.getuid?.() !== 0 && 'only when started as root' }, async () => {
    await using t = await serving();
    const master = (await readFile(join(t.options.dir, 'nginx/nginx.pid'), 'utf8')).trim();
    const { stdout } = await run('ps', ['-o', 'uid=', '--ppid', master]);
    assert.ok(stdout.trim().length > 0);
    assert.ok(
      stdout
        .trim()
        .split('\n')
        .every((uid) => Number(uid) > 0),
      stdout,
    );
  });

  test('a second start finds the running server; a killed server is back within seconds, with its bundles', async () => {
    await using t = await serving();
    const pidFile = join(t.options.dir, 'nginx/nginx.pid');
    const first = (await readFile(pidFile, 'utf8')).trim();
    const again = await createNginxStaticFiles(t.options);
    await again.ensureRunning(never);
    assert.equal((await readFile(pidFile, 'utf8')).trim(), first);
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', first]);
    for (const pid of [first, ...stdout.trim().split(/\s+/)]) process.kill(Number(pid), 'SIGKILL');
    const deadline = performance.now() + 8000;
    let status = 0;
    while (status !== 200 && performance.now() < deadline) {
      status = await t.ask('/').then(
        (answer) => answer.status,
        () => 0,
      );
      await delay(20);
    }
    assert.equal(status, 200);
  });

  test(
    'a directory that the worker may not enter is named',
    { skip: process.getuid?.() !== 0 && 'only when started as root' },
    async () => {
      await using t = await setUp();
      await chmod(t.root, 0o700);
      await assert.rejects(t.files.ensureRunning(never), {
        code: 'static_server_unavailable',
        message: /does not let .* through/,
      });
      await chmod(t.root, 0o755);
    },
  );

  test('stop leaves no process and no socket that answers', async () => {
    const t = await serving();
    const pid = (await readFile(join(t.options.dir, 'nginx/nginx.pid'), 'utf8')).trim();
    await t[Symbol.asyncDispose]();
    await assert.rejects(stat(`/proc/${pid}/root`));
  });
});
