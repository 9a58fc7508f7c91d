import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface GitServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Directory that holds the repositories. */
  readonly root: string;
  /** Requests answered so far; tells whether the network was used. */
  readonly requests: () => number;
  /** From now on every request needs these; null: none. */
  demand(credentials: GitServerOptions['credentials'] | null): void;
  /** Makes an empty repository; its address is `<url>/<name>.git`. */
  createRepository(name: string): Promise<TestRepository>;
}

export interface TestRepository {
  /** Over HTTP. */
  readonly url: string;
  /** The bare repository's directory. */
  readonly path: string;
  /** Writes files over those of the branch's head (null deletes, `{ link }` is a symbolic link) and resolves to the commit's sha. */
  commit(
    files: Readonly<Record<string, FileContent>>,
    options?: { branch?: string; message?: string },
  ): Promise<string>;
  /** Runs git in the repository and resolves to its output. */
  git(...args: string[]): Promise<string>;
}

type FileContent = string | Uint8Array | null | { readonly link: string };

export interface GitServerOptions {
  /** Demands these of every request. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Called before each request is answered; a rejected or pending promise holds it. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;
}

/** `git http-backend` behind node:http on a port of the system's choice. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const root = await mkdtemp(join(tmpdir(), 'cutover-test-git-'));
  let requests = 0;
  let demanded = options.credentials ?? null;
  const server = createServer((request, response) => {
    requests += 1;
    void (async () => {
      await options.before?.(request, response);
      if (response.destroyed || response.writableEnded) return;
      if (!authorized(request, demanded)) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
        return;
      }
      serveBackend(root, request, response);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    root,
    requests: () => requests,
    demand: (credentials) => {
      demanded = credentials ?? null;
    },
    createRepository: (name) => createRepository(root, url, name),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(root, { recursive: true, force: true });
    },
  };
}

function authorized(request: IncomingMessage, credentials: GitServerOptions['credentials'] | null): boolean {
  if (credentials === null || credentials === undefined) return true;
  const pair = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
  return request.headers.authorization === `Basic ${pair}`;
}

function serveBackend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      PATH: '/usr/bin:/bin',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin).on('error', () => request.destroy());
  response.on('close', () => child.kill());
  let head = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = head.subarray(0, end).toString().split('\r\n');
    const headers = lines.map((line) => line.split(': ', 2) as [string, string]);
    const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(Number(status.slice(0, 3)), Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
    response.write(head.subarray(end + 4));
  });
  child.on('close', () => response.end());
}

async function createRepository(root: string, serverUrl: string, name: string): Promise<TestRepository> {
  const path = join(root, `${name}.git`);
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', '--end-of-options', path]);
  return { url: `${serverUrl}/${name}.git`, path, ...repositoryAt(path) };
}

/** Helpers for a bare repository on disk, also one that no server shows. */
export function repositoryAt(path: string): Pick<TestRepository, 'commit' | 'git'> {
  const identity = {
    GIT_AUTHOR_NAME: 'Test Author',
    GIT_AUTHOR_EMAIL: 'author@example.com',
    GIT_COMMITTER_NAME: 'Test Author',
    GIT_COMMITTER_EMAIL: 'author@example.com',
  };
  const git = async (cwd: string, args: readonly string[]) => {
    const env = { PATH: '/usr/bin:/bin', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', ...identity };
    const { stdout } = await run('git', args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  };
  return {
    git: (...args) => git(path, args),
    commit: async (files, { branch = 'main', message = 'a change' } = {}) => {
      const work = await mkdtemp(join(tmpdir(), 'cutover-test-work-'));
      try {
        const known = await git(path, ['for-each-ref', `refs/heads/${branch}`]);
        await git(work, ['clone', '--quiet', '--no-checkout', '--shared', path, '.']);
        await git(work, known === '' ? ['switch', '--quiet', '--orphan', branch] : ['switch', '--quiet', branch]);
        for (const [name, content] of Object.entries(files)) await write(join(work, name), content);
        await git(work, ['add', '--all', '--force']);
        await git(work, ['commit', '--quiet', '--allow-empty', '--message', message]);
        await git(work, ['push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`]);
        return await git(work, ['rev-parse', 'HEAD']);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
  };
}

async function write(path: string, content: FileContent): Promise<void> {
  await rm(path, { recursive: true, force: true });
  if (content === null) return;
  await mkdir(dirname(path), { recursive: true });
  if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(path, content);
  else await symlink(content.link, path);
}
