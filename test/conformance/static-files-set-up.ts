import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createNginxStaticFiles } from '../../src/drivers/static/nginx/nginx-static-files.ts';

export const never = new AbortController().signal;
const supervisePath = resolve(import.meta.dirname, '../../bin/supervise');

/** A store and a web server that are this test's own. */
export async function setUp() {
  const root = await mkdtemp(join(tmpdir(), 'cutover-test-static-'));
  await chmod(root, 0o755);
  const options = {
    dir: join(root, 'static'),
    nginxBin: '/usr/sbin/nginx',
    supervisePath,
    socketPath: join(root, 'nginx.sock'),
    log: { info: () => {} },
  };
  const files = await createNginxStaticFiles(options);
  return {
    root,
    options,
    files,
    [Symbol.asyncDispose]: async () => {
      await files.stop(never);
      await rm(root, { recursive: true, force: true });
    },
  };
}

export type Tree = Readonly<Record<string, string | Buffer | { link: string }>>;

/** Makes a directory with these files. */
export async function tree(root: string, name: string, files: Tree): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(join(dir, path), content);
    else await symlink(content.link, join(dir, path));
  }
  return dir;
}

/** A web server with one bundle of these files, and how to ask it for them. */
export async function serve(files: Tree) {
  const t = await setUp();
  const { bundle } = await t.files.putDirectory(await tree(t.root, 'site', files), never);
  await t.files.ensureRunning(never);
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    get(t.options.socketPath, path, { 'x-cutover-bundle': bundle, ...headers }, method);
  return { ...t, bundle, ask, [Symbol.asyncDispose]: () => t[Symbol.asyncDispose]() };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request over the unix socket, on a connection of its own. */
export function get(
  socketPath: string,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolveAnswer, reject) => {
    const sent = request({ socketPath, path, method, headers: { host: 'app.localhost', ...headers }, agent: false });
    sent.once('error', reject).once('response', (response) => {
      const received: Buffer[] = [];
      response.on('data', (chunk: Buffer) => received.push(chunk));
      response.once('end', () =>
        resolveAnswer({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(received) }),
      );
    });
    sent.end();
  });
}

/** A tar stream made by hand: one header of 512 bytes per entry, then its content. */
export function* rawTar(
  entries: readonly {
    name: string;
    type?: string;
    link?: string;
    content?: string;
    size?: number;
    mode?: string;
  }[],
) {
  for (const { name, type = '0', link = '', content = '', size = content.length, mode = '0000644' } of entries) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${mode}\0`, 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157);
    header.write('ustar\0', 257);
    header.write('00', 263);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    yield header;
    const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    padded.write(content);
    yield padded;
  }
  yield Buffer.alloc(1024);
}

export async function* chunks(source: Iterable<Uint8Array>) {
  yield* source;
}
