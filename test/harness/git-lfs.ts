import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Path of Git LFS' program; where it is not installed its package is unpacked into `dir`. */
export async function findGitLfs(dir: string): Promise<string> {
  try {
    await access('/usr/bin/git-lfs');
    return '/usr/bin/git-lfs';
  } catch {
    await run('apt-get', ['download', 'git-lfs'], { cwd: dir });
  }
  const [name = ''] = (await readdir(dir)).filter((file) => file.startsWith('git-lfs'));
  await run('dpkg-deb', ['-x', join(dir, name), join(dir, 'root')]);
  return join(dir, 'root/usr/bin/git-lfs');
}

interface Batch {
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
}

/** The server's side of Git LFS (batch API, basic transfers): https://github.com/git-lfs/git-lfs/tree/main/docs/api */
export class LfsStore {
  readonly #contents = new Map<string, Buffer>();
  /** Authorization headers of the requests so far. */
  readonly shown: (string | undefined)[] = [];

  /** Keeps the content and gives the pointer that stands for it. */
  put(content: Buffer): string {
    const oid = createHash('sha256').update(content).digest('hex');
    this.#contents.set(oid, content);
    return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
  }

  /** For `before` of a Git server. */
  readonly answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? '';
    if (!url.includes('/info/lfs')) return;
    this.shown.push(request.headers.authorization);
    if (url.endsWith('/objects/batch')) {
      const { objects } = (await json(request)) as Batch;
      const base = `http://${request.headers.host}${url.replace(/objects\/batch$/, 'content')}`;
      const answer = objects.map(({ oid, size }) => this.#offer(oid, size, base));
      response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' });
      response.end(JSON.stringify({ transfer: 'basic', objects: answer }));
      return;
    }
    const content = this.#contents.get(url.split('/').at(-1) ?? '');
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200).end(content);
  };

  #offer(oid: string, size: number, base: string) {
    if (this.#contents.has(oid)) return { oid, size, actions: { download: { href: `${base}/${oid}` } } };
    return { oid, size, error: { code: 404, message: 'there is no such object' } };
  }
}
