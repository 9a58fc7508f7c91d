import { createApi, type ApiOptions } from '../../../src/http/api.ts';
import { serveApi, type ApiServer } from '../../../src/http/server.ts';
import type { System } from '../../../src/http/system.ts';
import { inMemoryCommands } from './commands.ts';
import { Platform } from './platform.ts';

export interface LoggedError {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** The real HTTP server on a port of its own over in-memory commands, with an owner's token and a project `my-app`. */
export class ApiUnderTest implements AsyncDisposable {
  readonly platform = new Platform();
  readonly owner = this.platform.token('owner', 'owner');
  readonly errors: LoggedError[] = [];
  readonly shutdown = new AbortController();
  #server: ApiServer | null = null;

  static async start(options: Partial<ApiOptions> = {}): Promise<ApiUnderTest> {
    const api = new ApiUnderTest();
    const commands = inMemoryCommands(api.platform);
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (fields: Readonly<Record<string, unknown>>, message: string) => void api.errors.push({ fields, message }),
    };
    const app = createApi({ commands, system, log, shutdown: api.shutdown.signal, ...options });
    api.#server = await serveApi({ app, host: '127.0.0.1', port: 0 });
    const actor = { tokenId: 't', name: 'setup', role: 'owner' as const, project: null };
    await commands.projects.create(actor, { name: 'my-app', repository: 'https://git.example/my-app.git' });
    return api;
  }

  get server(): ApiServer {
    if (this.#server === null) throw new Error('not started');
    return this.#server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  /** As the owner, unless the headers say otherwise; a body is sent as JSON. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const headers = new Headers({ authorization: `Bearer ${this.owner}`, ...options.headers });
    if (options.token === null) headers.delete('authorization');
    else if (options.token !== undefined) headers.set('authorization', `Bearer ${options.token}`);
    const body = options.body === undefined ? null : JSON.stringify(options.body);
    if (body !== null && !headers.has('content-type')) headers.set('content-type', 'application/json');
    const signal = options.signal ?? AbortSignal.timeout(10_000);
    return fetch(`${this.url}${path}`, { method, headers, body, signal });
  }

  async deploy(): Promise<void> {
    const answer = await this.request('POST', '/api/projects/my-app/trigger-pipeline', {
      body: { environment: 'production' },
    });
    if (answer.status !== 202) throw new Error(await answer.text());
  }

  held(number: number) {
    const found = this.platform.projects.get('my-app')?.deployments[number - 1];
    if (found === undefined) throw new Error(`no deployment #${number}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown.abort();
    await this.#server?.close();
  }
}

export interface RequestOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

const sighting = {
  code: 'orphan',
  subject: 'network of gone',
  message: 'there is no such project',
  deploymentId: null,
  since: '2026-01-01T00:00:00.000Z',
  next: 'Remove it by hand.',
} as const;

/** What the API tells of its process; to be varied. */
export const system: System = {
  version: '0.1.0',
  status: async () => ({
    version: '0.1.0',
    node: process.version,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    baseDomain: 'localhost',
    listeners: [{ name: 'router', address: '0.0.0.0', port: 8080 }],
    components: [{ name: 'docker', healthy: true, version: '20.10', detail: null }],
  }),
  doctor: async () => ({
    checks: [
      { name: 'docker', status: 'ok', found: '20.10', fix: null },
      { name: 'haproxy', status: 'failed', found: 'not installed', fix: 'apt-get install haproxy' },
    ],
  }),
  invariants: async () => ({ at: '2026-01-01T00:01:30.000Z', violations: [sighting], suspicions: [] }),
  diskUsage: async () => ({
    parts: [
      { name: 'build-cache', bytes: 3_000_000_000, budgetBytes: 10_000_000_000, what: 'earlier builds' },
      { name: 'mirrors', bytes: null, budgetBytes: null, what: 'copies of repositories' },
    ],
  }),
  metrics: () => [{ name: 'cutover_up', type: 'gauge', help: 'It runs.', samples: [{ value: 1 }] }],
};
