import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireDeployment, WireDeploymentDetail } from '../../src/contract/schemas/deployment.ts';
import type { WireSettingsChange } from '../../src/contract/schemas/environment.ts';
import type { WireLogPage } from '../../src/contract/schemas/log.ts';
import type { WireTimelineEntry } from '../../src/contract/schemas/timeline.ts';
import { startGitServer, type GitServer, type GitServerOptions, type TestRepository } from '../harness/git-server.ts';
import { baseImage } from '../harness/images.ts';
import { startPlatform, type TestPlatform, type TestPlatformOptions } from '../harness/platform.ts';

const settleLimitMs = 90_000;
const pollMs = 40;
const settled = new Set(['completed', 'failed', 'cancelled', 'stopped']);

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** Something that goes on until one side closes it. */
export interface OpenStream {
  readonly messages: readonly string[];
  /** On the clock of `performance.now()`. */
  readonly closedAt: Promise<number>;
}

/** A platform, a Git server and the ways to use them, as a user would: over the API and through the router. */
export class Stage implements AsyncDisposable {
  readonly platform: TestPlatform;
  readonly git: GitServer;

  private constructor(platform: TestPlatform, git: GitServer) {
    this.platform = platform;
    this.git = git;
  }

  static async open(options: TestPlatformOptions = {}, git: GitServerOptions = {}): Promise<Stage> {
    await baseImage('node');
    return new Stage(await startPlatform(options), await startGitServer(git));
  }

  /** The same user before another platform, which this stage does not own. */
  before(platform: TestPlatform): Pick<Stage, Exclude<keyof Stage, typeof Symbol.asyncDispose>> {
    return new Stage(platform, this.git);
  }

  async call<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.platform.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.platform.token}`, 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  /** A project with a repository that holds these files. */
  async project(
    name: string,
    files: Readonly<Record<string, string>>,
    settings: WireSettingsChange = {},
  ): Promise<TestRepository> {
    const repository = await this.git.createRepository(name);
    await repository.commit({ ...files });
    await this.must('POST', '/api/projects', { name, repository: repository.url });
    // Most tests are about something else than what comes after the switch.
    await this.settings(name, { observationMs: 0, ...settings });
    return repository;
  }

  async settings(project: string, settings: WireSettingsChange): Promise<void> {
    await this.must('PATCH', `/api/projects/${project}/environments/production`, { settings });
  }

  async trigger(project: string, input: object = {}): Promise<number> {
    const { number } = await this.must<WireDeployment>('POST', `/api/projects/${project}/trigger-pipeline`, {
      environment: 'production',
      ...input,
    });
    return number;
  }

  detail(project: string, number: number): Promise<WireDeploymentDetail> {
    return this.must('GET', `/api/projects/${project}/deployments/${number}`);
  }

  /** Triggers and waits until the deployment is completed or over. */
  async deploy(project: string, input: object = {}): Promise<WireDeploymentDetail> {
    return this.settle(project, await this.trigger(project, input));
  }

  settle(project: string, number: number): Promise<WireDeploymentDetail> {
    return this.until(`#${number} of ${project} to settle`, async () => {
      const detail = await this.detail(project, number);
      return settled.has(detail.deployment.state) ? detail : null;
    });
  }

  untilState(project: string, number: number, states: readonly string[]): Promise<WireDeploymentDetail> {
    return this.until(`#${number} of ${project} to be ${states.join(' or ')}`, async () => {
      const detail = await this.detail(project, number);
      return states.includes(detail.deployment.state) ? detail : null;
    });
  }

  /** Polls until there is an answer; rejects, naming what was waited for, after the limit. */
  async until<T>(what: string, look: () => Promise<T | null>, limitMs = settleLimitMs): Promise<T> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const seen = await look();
      if (seen !== null) return seen;
      if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
      await sleep(pollMs);
    }
  }

  /** One request as a visitor makes it, on a connection of its own. */
  visit(host: string, path = '/', headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const address = { host: '127.0.0.1', port: this.platform.routerPort, agent: false };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { ...address, method, path, timeout: 15_000, headers: { host, ...headers } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  /** A request whose answer does not end by itself; resolves when it has begun to talk. */
  async openStream(host: string, path: string): Promise<OpenStream> {
    const address = { host: '127.0.0.1', port: this.platform.routerPort, agent: false };
    const messages: string[] = [];
    const closed = Promise.withResolvers<number>();
    const close = () => closed.resolve(performance.now());
    const outgoing = request({ ...address, path, headers: { host } }, (incoming) => {
      incoming.on('data', (chunk: Buffer) => messages.push(chunk.toString()));
      incoming.on('error', close);
      incoming.on('close', close);
    });
    outgoing.on('error', close);
    outgoing.end();
    await this.until(`${host}${path} to talk`, async () => (messages.length > 0 ? true : null));
    return { messages, closedAt: closed.promise };
  }

  /** Whole log as text. */
  async log(project: string, number: number, log: string): Promise<string> {
    const path = `/api/projects/${project}/deployments/${number}/logs/${log}`;
    const { lines } = await this.must<WireLogPage>('GET', path);
    return lines.map(({ text }) => text).join('\n');
  }

  async timeline(project: string, number: number): Promise<readonly WireTimelineEntry[]> {
    const path = `/api/projects/${project}/deployments/${number}/timeline`;
    return (await this.must<{ entries: WireTimelineEntry[] }>('GET', path)).entries;
  }

  async must<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.call<T>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The platform goes first, and the server also where that fails: else nobody could end who waits for it.
    await using _git = this.git;
    await this.platform[Symbol.asyncDispose]();
  }
}
