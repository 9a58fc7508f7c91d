import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib';
import { createBundleArchive } from '../../src/drivers/static/nginx/bundle-archive.ts';
import { get, never, serve, setUp, tree, type Tree } from './static-files-set-up.ts';

/** Files that come with brotli (`app.js.br` beside `app.js`), by an nginx that knows nothing of it. */
const text = (name: string) => `${name} ${'text '.repeat(500)}`;
const both = (...names: readonly string[]): Tree =>
  Object.fromEntries(
    names.flatMap((name) => [[name, text(name)] as const, [`${name}.br`, brotliCompressSync(text(name))] as const]),
  );
const site: Tree = {
  ...both(
    'index.html',
    'docs/index.html',
    'about.html',
    '404.html',
    'assets/index-DiwrgTda.js',
    '_next/static/x.css',
    'tiny.bin',
    'with space ü.txt',
  ),
  'plain.html': text('plain.html'),
  plain2: 'a file',
  ...both('plain2.html'),
  'outdated.js': text('outdated.js'),
  'outdated.js.br': brotliCompressSync('old'),
  'broken.js': text('broken.js'),
  'broken.js.br': brotliCompressSync(text('broken.js')).subarray(0, 20),
  'garbage.js': text('garbage.js'),
  'garbage.js.br': 'this is not brotli',
  'bomb.js': 'small',
  'bomb.js.br': brotliCompressSync(Buffer.alloc(16 * 1024 ** 2)),
  'alone.js.br': brotliCompressSync('alone'),
  'dir.br/file.txt': 'dir',
  'dir/file.txt': 'dir',
  '.env': 'SECRET=1',
  ...both('.hidden/x.js'),
  '.cutover-br/evil.js': 'evil',
  '.cutover-br/index.html': 'evil',
};
const brotli = { 'accept-encoding': 'gzip, deflate, br' };

const serving = (files: Tree = site) => serve(files);

describe('5.10 brotli', () => {
  test('is sent to who takes it, with the type of the file, also for clean URLs, the 404 page and names with spaces', async () => {
    await using t = await serving();
    const expected: Record<string, [status: number, name: string, type: string]> = {
      '/': [200, 'index.html', 'text/html; charset=utf-8'],
      '/index.html': [200, 'index.html', 'text/html; charset=utf-8'],
      '/docs': [200, 'docs/index.html', 'text/html; charset=utf-8'],
      '/docs/': [200, 'docs/index.html', 'text/html; charset=utf-8'],
      '/about': [200, 'about.html', 'text/html; charset=utf-8'],
      '/assets/index-DiwrgTda.js?v=1': [200, 'assets/index-DiwrgTda.js', 'text/javascript; charset=utf-8'],
      '/tiny.bin': [200, 'tiny.bin', 'application/octet-stream'],
      '/with%20space%20%C3%BC.txt': [200, 'with space ü.txt', 'text/plain; charset=utf-8'],
      '/none': [404, '404.html', 'text/html; charset=utf-8'],
      '/.env': [404, '404.html', 'text/html; charset=utf-8'],
    };
    for (const [path, [status, name, type]] of Object.entries(expected)) {
      const answer = await t.ask(path, brotli);
      const { headers } = answer;
      assert.deepEqual(
        [answer.status, headers['content-encoding'], headers.vary, headers['content-type']],
        [status, 'br', 'Accept-Encoding', type],
        path,
      );
      assert.equal(brotliDecompressSync(answer.body).toString(), text(name), path);
      assert.equal(Number(headers['content-length']), answer.body.length, path);
    }
  });

  test('is sent to nobody else: they get gzip or the file, and are told that it depends on what they take', async () => {
    await using t = await serving();
    const takes = ['br', 'BR', 'gzip,br', 'br;q=1.0', 'gzip;q=0.5, br ; q=0.001', 'br;Q=0.5,*;q=0', '\tbr\t, gzip'];
    const refuses = [
      '',
      'gzip',
      '*',
      'identity',
      'brotli',
      'x-br',
      'br;q=0',
      'gzip, br;q=0.000',
      'br; q=0 ,gzip',
      'br q=1',
    ];
    for (const value of takes)
      assert.equal((await t.ask('/', { 'accept-encoding': value })).headers['content-encoding'], 'br', value);
    for (const path of ['/', '/tiny.bin'])
      for (const value of refuses) {
        const { headers, body } = await t.ask(path, { 'accept-encoding': value });
        const isGzip = value.includes('gzip');
        assert.equal(headers['content-encoding'], isGzip ? 'gzip' : undefined, `${path} ${value}`);
        assert.equal(headers.vary, 'Accept-Encoding', `${path} ${value}`);
        const name = path === '/' ? 'index.html' : 'tiny.bin';
        assert.equal((isGzip ? gunzipSync(body) : body).toString(), text(name));
      }
  });

  test('is an answer of its own: HEAD, ETag and If-None-Match are about its bytes', async () => {
    await using t = await serving();
    const whole = await t.ask('/about', brotli);
    const { etag = '', 'last-modified': modified = '' } = whole.headers;
    const others = [await t.ask('/about'), await t.ask('/about', { 'accept-encoding': 'gzip' })];
    assert.equal(new Set([etag, ...others.map(({ headers }) => headers.etag)]).size, 3);
    const head = await t.ask('/about', brotli, 'HEAD');
    assert.deepEqual([head.status, head.body.length], [200, 0]);
    for (const name of ['etag', 'content-length', 'content-type', 'content-encoding', 'vary'])
      assert.equal(head.headers[name], whole.headers[name], name);
    for (const known of [{ 'if-none-match': etag }, { 'if-modified-since': modified }]) {
      const { status, headers, body } = await t.ask('/about', { ...brotli, ...known });
      assert.deepEqual([status, headers.etag, headers.vary, body.length], [304, etag, 'Accept-Encoding', 0]);
      assert.equal(headers['content-encoding'], undefined);
    }
    assert.equal((await t.ask('/about', { 'if-none-match': etag })).status, 200);
    const unmet = await t.ask('/about', { ...brotli, 'if-match': '"other"' });
    assert.deepEqual([unmet.status, unmet.headers['content-encoding']], [412, undefined]);
  });

  test('is no answer to who wants a part: that is one of the file, and one of brotli is not gone on with', async () => {
    await using t = await serving();
    const { headers } = await t.ask('/about', brotli);
    const takes = { 'accept-encoding': 'br' };
    const part = await t.ask('/about', { ...takes, range: 'bytes=2-5' });
    assert.deepEqual([part.status, part.headers['content-encoding'], part.body.toString()], [206, undefined, 'out.']);
    const other = await t.ask('/about', { ...takes, range: 'bytes=2-5', 'if-range': headers.etag ?? '' });
    assert.deepEqual([other.status, other.headers['content-encoding']], [200, undefined]);
    assert.equal(other.body.toString(), text('about.html'));
    const beyond = await t.ask('/about', { ...takes, range: 'bytes=99999-' });
    assert.deepEqual([beyond.status, beyond.headers['content-encoding']], [416, undefined]);
  });

  test('changes nothing of what a path means, and of what may be kept', async () => {
    await using t = await serving();
    const lasting = 'public, max-age=31536000, immutable';
    assert.equal((await t.ask('/plain2', brotli)).body.toString(), 'a file');
    assert.equal((await t.ask('/plain', brotli)).headers['content-encoding'], 'gzip');
    const kept: Record<string, string> = {
      '/assets/index-DiwrgTda.js': lasting,
      '/_next/static/x.css': lasting,
      '/': 'no-cache',
      '/tiny.bin': 'no-cache',
      '/none': 'no-store',
    };
    for (const [path, value] of Object.entries(kept)) {
      const { headers } = await t.ask(path, brotli);
      assert.deepEqual([headers['content-encoding'], headers['cache-control']], ['br', value], path);
    }
    const deep = await t.ask('/some/deep/link', { ...brotli, 'x-cutover-spa': '1' });
    assert.deepEqual(
      [deep.status, deep.headers['content-encoding'], deep.headers['cache-control']],
      [200, 'br', 'no-cache'],
    );
    assert.equal(brotliDecompressSync(deep.body).toString(), text('index.html'));
    assert.equal((await t.ask('/docs/none/', { ...brotli, 'x-cutover-spa': '1' })).status, 200);
    assert.equal((await t.ask('/', brotli, 'POST')).status, 405);
  });

  test('is nothing that is outdated, broken, larger than its file or without one: those are files like any other', async () => {
    await using t = await serving();
    for (const name of ['outdated.js', 'broken.js', 'garbage.js', 'bomb.js']) {
      const { status, headers, body } = await t.ask(`/${name}`, { 'accept-encoding': 'br' });
      assert.deepEqual([status, headers['content-encoding']], [200, undefined], name);
      assert.equal(body.toString(), site[name], name);
    }
    assert.equal((await t.ask('/alone.js', brotli)).status, 404);
    assert.equal((await t.ask('/dir/file.txt', brotli)).body.toString(), 'dir');
    for (const name of ['alone.js.br', 'index.html.br', 'outdated.js.br']) {
      const { headers, body } = await t.ask(`/${name}`, brotli);
      assert.deepEqual(
        [headers['content-encoding'], headers['content-type']],
        [undefined, 'application/octet-stream'],
        name,
      );
      assert.deepEqual(body, site[name], name);
    }
  });

  test('10 leads nowhere else: the directory that holds it cannot be asked for, brought along or left', async () => {
    await using t = await serving();
    for (const path of [
      '/.cutover-br/index.html',
      '/.cutover-br/evil.js',
      '/%2ecutover-br/index.html',
      '/docs/../.cutover-br/index.html',
      '//.cutover-br/index.html',
      '/evil.js',
      '/.hidden/x.js',
      '/x/%2e%2e/.hidden/x.js',
      '/.cutover-br/../.env',
    ]) {
      const answer = await t.ask(path, brotli);
      assert.equal(answer.status, 404, path);
      assert.equal(brotliDecompressSync(answer.body).toString(), text('404.html'), path);
    }
    for (const path of ['/../../../etc/passwd', '/..%2f..%2f..%2fetc/passwd', '/docs/../../../../etc/passwd'])
      assert.equal((await t.ask(path, brotli)).status, 400, path);
  });

  test('costs no room on the disk, and the same files are the same bundle as ever', async () => {
    await using t = await serving(both('index.html'));
    const root = join(t.options.dir, 'bundles', t.bundle);
    assert.deepEqual((await readdir(root)).toSorted(), ['.cutover-br', 'index.html', 'index.html.br', 'index.html.gz']);
    const inode = async (name: string) => (await stat(join(root, name))).ino;
    assert.equal(await inode('.cutover-br/index.html'), await inode('index.html.br'));
    await using without = await setUp();
    const files = await tree(t.root, 'again', { ...both('index.html'), '.cutover-br/index.html': 'evil' });
    assert.equal((await without.files.putDirectory(files, never)).bundle, t.bundle);
  });

  test('is in a backup of the bundle, and is sent after it was restored', async () => {
    await using t = await serving(both('index.html'));
    await using other = await setUp();
    const saved = createBundleArchive({ dir: t.options.dir }).save(t.bundle);
    await createBundleArchive({ dir: other.options.dir }).load(t.bundle, saved, never);
    await other.files.ensureRunning(never);
    const answer = await get(other.options.socketPath, '/', { ...brotli, 'x-cutover-bundle': t.bundle });
    assert.equal(answer.headers['content-encoding'], 'br');
    assert.equal(brotliDecompressSync(answer.body).toString(), text('index.html'));
  });
});
