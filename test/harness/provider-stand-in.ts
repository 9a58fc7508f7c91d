import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderKind } from '../../src/domain/provider.ts';
import type { GitHubAppStandIn } from './github-app-stand-in.ts';

export interface StandInComment {
  readonly id: number;
  body: string;
  /** False: somebody else's, which the token may not edit. */
  readonly own: boolean;
}

export interface StandInPull {
  readonly number: number;
  state: 'open' | 'closed' | 'merged';
  readonly branch: string;
  readonly commit: string;
  readonly fromFork: boolean;
}

export interface StandInDeployment {
  readonly id: number;
  readonly environment: string;
  readonly sha: string;
  state: string;
  /** As GitHub is told them when it is made. */
  readonly transient: boolean;
  readonly production: boolean;
}

/** An answer in place of the next one. */
export interface Misfortune {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came, and what is answered: a body, or only a status. */
interface Exchange {
  readonly method: string;
  /** Below the API's address, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly url: URL;
}

type Reply = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };

/** So few items a page, whatever is asked for. */
const pageSize = 2;

/**
 * A provider as its documentation describes it, as far as previews need it, on a port of its own: authentication, pages, comments that only
 * their author edits, commit statuses, deployments. It forgets nothing that it was told.
 */
export class ProviderStandIn implements AsyncDisposable {
  readonly kind: ProviderKind;
  readonly token = 'secret-token';
  readonly repository = 'acme/shop';
  readonly comments = new Map<number, StandInComment[]>();
  readonly statuses: { readonly commit: string; readonly state: string; readonly context: string }[] = [];
  readonly deployments: StandInDeployment[] = [];
  readonly pulls: StandInPull[] = [];
  readonly requests: string[] = [];
  readonly misfortunes: Misfortune[] = [];
  /** Only of GitHub: the App that may act there. */
  app: GitHubAppStandIn | null = null;
  readonly #server: Server;
  #lastId = 0;

  private constructor(kind: ProviderKind, server: Server) {
    this.kind = kind;
    this.#server = server;
  }

  static async start(kind: ProviderKind): Promise<ProviderStandIn> {
    const server = createServer();
    const standIn = new ProviderStandIn(kind, server);
    server.on('request', (request, response) => void standIn.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  get apiUrl(): string {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api`;
  }

  get access() {
    const { kind, apiUrl, repository, token } = this;
    return { kind, apiUrl, repository, token };
  }

  /** A comment that somebody else wrote. */
  foreignComment(pull: number, body: string): void {
    this.#commentsOf(pull).push({ id: this.#id(), body, own: false });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? '/', this.apiUrl);
    const path = decodeURIComponent(url.pathname.replace(/^\/api/, ''));
    this.requests.push(`${request.method} ${path}`);
    const text = Buffer.concat(chunks).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    const exchange = { method: request.method ?? '', path, query: url.searchParams, body, url };
    const reply = this.misfortunes.shift() ?? this.#asApp(request, exchange) ?? this.#asOwner(request, exchange);
    const date = new Date(this.app?.now ?? Date.now()).toUTCString();
    response.writeHead(reply.status, { 'content-type': 'application/json', date, ...reply.headers });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  }

  #asOwner(request: IncomingMessage, exchange: Exchange): Reply {
    return this.#isKnown(request) ? this.#reply(exchange) : { status: 401, body: { message: 'Bad credentials' } };
  }

  /** null: neither the App nor one of its tokens asks. */
  #asApp({ headers }: IncomingMessage, exchange: Exchange): Reply | null {
    const { method, path, body } = exchange;
    const shown = headers.authorization ?? '';
    const admitted = this.app?.admits(shown, this.repository);
    if (admitted === 'admitted') return this.#reply(exchange);
    return admitted ?? this.app?.reply(method, path, shown, body) ?? null;
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    const expected = { github: `token ${this.token}`, gitea: `token ${this.token}`, bitbucket: `Bearer ${this.token}` };
    if (this.kind === 'gitlab') return headers['private-token'] === this.token;
    return headers.authorization === expected[this.kind];
  }

  #reply(exchange: Exchange): Reply {
    const base = { github: '/repos/', gitea: '/repos/', gitlab: '/projects/', bitbucket: '/repositories/' }[this.kind];
    const own = `${base}${this.repository}`;
    if (!exchange.path.startsWith(`${own}/`)) return { status: 404, body: { message: 'Not Found' } };
    const inner = { ...exchange, path: exchange.path.slice(own.length) };
    const routes = [...this.#commentRoutes(), ...this.#statusRoutes(), ...this.#pullRoutes()];
    for (const [method, pattern, handle] of routes) {
      const match = pattern.exec(inner.path);
      if (method === inner.method && match !== null) return handle(inner, match[1] ?? '', match[2] ?? '');
    }
    return { status: 404, body: { message: `no such route: ${inner.method} ${inner.path}` } };
  }

  #commentRoutes(): Route[] {
    const list = {
      github: /^\/issues\/(\d+)\/comments$/,
      gitea: /^\/issues\/(\d+)\/comments$/,
      gitlab: /^\/merge_requests\/(\d+)\/notes$/,
      bitbucket: /^\/pullrequests\/(\d+)\/comments$/,
    }[this.kind];
    const one = {
      github: /^\/issues\/comments\/()(\d+)$/,
      gitea: /^\/issues\/comments\/()(\d+)$/,
      gitlab: /^\/merge_requests\/(\d+)\/notes\/(\d+)$/,
      bitbucket: /^\/pullrequests\/(\d+)\/comments\/(\d+)$/,
    }[this.kind];
    const edit = this.kind === 'github' || this.kind === 'gitea' ? 'PATCH' : 'PUT';
    return [
      [
        'GET',
        list,
        (exchange, pull) =>
          this.#page(
            exchange,
            this.#commentsOf(Number(pull)).map((one_) => this.#wireComment(one_)),
          ),
      ],
      ['POST', list, (exchange, pull) => this.#addComment(Number(pull), textOf(exchange.body))],
      [edit, one, (exchange, _pull, id) => this.#editComment(Number(id), textOf(exchange.body))],
    ];
  }

  #addComment(pull: number, body: string): Reply {
    const comment = { id: this.#id(), body, own: true };
    this.#commentsOf(pull).push(comment);
    return { status: 201, body: this.#wireComment(comment) };
  }

  #editComment(id: number, body: string): Reply {
    const comment = [...this.comments.values()].flat().find((one) => one.id === id);
    if (comment === undefined) return { status: 404, body: { message: 'Not Found' } };
    if (!comment.own) return { status: 403, body: { message: 'Must have admin rights to Repository.' } };
    comment.body = body;
    return { status: 200, body: this.#wireComment(comment) };
  }

  #wireComment({ id, body }: StandInComment): unknown {
    return this.kind === 'bitbucket' ? { id, deleted: false, content: { raw: body } } : { id, body };
  }

  #statusRoutes(): Route[] {
    const pattern =
      this.kind === 'bitbucket' ? /^\/commit\/([0-9a-f]{40})\/statuses\/build$/ : /^\/statuses\/([0-9a-f]{40})$/;
    const status: Route = ['POST', pattern, ({ body }, commit) => this.#addStatus(commit, body)];
    if (this.kind === 'github') return [status, ...this.#gitHubDeployments()];
    return this.kind === 'gitlab' ? [status, ...this.#gitLabDeployments()] : [status];
  }

  /** GitLab refuses to say the same again. */
  #addStatus(commit: string, body: Record<string, unknown>): Reply {
    const context = String(body['context'] ?? body['name'] ?? body['key']);
    const state = String(body['state']);
    const last = this.statuses.findLast((one) => one.commit === commit && one.context === context);
    if (this.kind === 'gitlab' && last?.state === state)
      return { status: 400, body: { message: `Cannot transition status via :run from :${state}` } };
    this.statuses.push({ commit, state, context });
    return { status: 201 };
  }

  #gitHubDeployments(): Route[] {
    const newestFirst = ({ query }: Exchange) =>
      this.deployments
        .filter((one) => one.environment === query.get('environment'))
        .filter(({ sha }) => sha === (query.get('sha') ?? sha))
        .toReversed();
    return [
      ['GET', /^\/deployments$/, (exchange) => this.#page(exchange, newestFirst(exchange))],
      [
        'POST',
        /^\/deployments$/,
        ({ body }) =>
          this.#addDeployment({
            environment: String(body['environment']),
            sha: String(body['ref']),
            transient: body['transient_environment'] === true,
            production: body['production_environment'] === true,
          }),
      ],
      ['POST', /^\/deployments\/(\d+)\/statuses$/, ({ body }, id) => this.#addDeploymentStatus(Number(id), body)],
    ];
  }

  #gitLabDeployments(): Route[] {
    return [
      [
        'GET',
        /^\/deployments$/,
        ({ query }) => ({
          status: 200,
          body: this.deployments.filter((one) => one.environment === query.get('environment')).slice(-1),
        }),
      ],
      [
        'POST',
        /^\/deployments$/,
        ({ body }) =>
          this.#addDeployment({
            environment: String(body['environment']),
            sha: String(body['sha']),
            state: String(body['status']),
          }),
      ],
      ['PUT', /^\/deployments\/(\d+)$/, ({ body }, id) => this.#setDeployment(Number(id), String(body['status']))],
      [
        'GET',
        /^\/environments$/,
        ({ query }) => ({
          status: 200,
          body: this.deployments
            .filter((one) => one.environment === query.get('name'))
            .slice(0, 1)
            .map(({ id, state }) => ({ id, state: state === 'stopped' ? 'stopped' : 'available' })),
        }),
      ],
      ['POST', /^\/environments\/(\d+)\/stop$/, (_, id) => this.#setDeployment(Number(id), 'stopped')],
    ];
  }

  /** With `auto_inactive` a success ends the others of the environment, where that lasts and is not production. */
  #addDeploymentStatus(id: number, { state, auto_inactive: alone }: Record<string, unknown>): Reply {
    const own = this.deployments.find((one) => one.id === id);
    const others = this.deployments.filter((one) => one.environment === own?.environment && one.id !== id);
    if (state === 'success' && alone !== false)
      for (const other of others)
        if (!other.transient && !other.production && other.state === 'success') other.state = 'inactive';
    return this.#setDeployment(id, String(state));
  }

  #addDeployment(made: Pick<StandInDeployment, 'environment' | 'sha'> & Partial<StandInDeployment>): Reply {
    const deployment = { id: this.#id(), state: 'pending', transient: false, production: false, ...made };
    this.deployments.push(deployment);
    return { status: 201, body: deployment };
  }

  #setDeployment(id: number, state: string): Reply {
    const deployment = this.deployments.find((one) => one.id === id);
    if (deployment === undefined) return { status: 404 };
    deployment.state = state;
    return { status: 201, body: deployment };
  }

  #pullRoutes(): Route[] {
    const name = { github: 'pulls', gitea: 'pulls', gitlab: 'merge_requests', bitbucket: 'pullrequests' }[this.kind];
    const wire = (pull: StandInPull) => wirePull(this.kind, pull);
    return [
      [
        'GET',
        new RegExp(`^/${name}$`),
        (exchange) => this.#page(exchange, this.pulls.filter(({ state }) => state === 'open').map(wire)),
      ],
      [
        'GET',
        new RegExp(`^/${name}/(\\d+)$`),
        (_, number) => {
          const pull = this.pulls.find((one) => one.number === Number(number));
          return pull === undefined
            ? { status: 404, body: { message: 'Not Found' } }
            : { status: 200, body: wire(pull) };
        },
      ],
    ];
  }

  /** The next page is named by a `Link` header, or by `next` where the provider is Bitbucket. */
  #page({ query, url }: Exchange, all: readonly unknown[]): Reply {
    const page = Number(query.get('page') ?? 1);
    const items = all.slice((page - 1) * pageSize, page * pageSize);
    const next = new URL(url);
    next.searchParams.set('page', String(page + 1));
    const more = all.length > page * pageSize;
    if (this.kind === 'bitbucket')
      return { status: 200, body: { values: items, ...(more ? { next: next.href } : {}) } };
    return { status: 200, body: items, headers: more ? { link: `<${next.href}>; rel="next"` } : {} };
  }

  #commentsOf(pull: number): StandInComment[] {
    const known = this.comments.get(pull) ?? [];
    this.comments.set(pull, known);
    return known;
  }

  #id(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

type Route = readonly [
  method: string,
  pattern: RegExp,
  handle: (exchange: Exchange, first: string, second: string) => Reply,
];

function textOf(body: Record<string, unknown>): string {
  const { body: plain, content } = body as { body?: string; content?: { raw: string } };
  return plain ?? content?.raw ?? '';
}

function wirePull(kind: ProviderKind, { number, state, branch, commit, fromFork }: StandInPull): unknown {
  const title = `Change ${number}`;
  const link = `https://git.example/acme/shop/pulls/${number}`;
  const source = fromFork ? 2 : 1;
  if (kind === 'gitlab') {
    const ids = { source_project_id: source, target_project_id: 1 };
    const shown = state === 'open' ? 'opened' : state;
    return { iid: number, title, web_url: link, source_branch: branch, sha: commit, ...ids, state: shown };
  }
  if (kind === 'bitbucket') {
    const shown = { open: 'OPEN', closed: 'DECLINED', merged: 'MERGED' }[state];
    const head = {
      branch: { name: branch },
      commit: { hash: commit.slice(0, 12) },
      repository: { uuid: `{${source}}` },
    };
    const destination = { branch: { name: 'main' }, commit: null, repository: { uuid: '{1}' } };
    return { id: number, title, links: { html: { href: link } }, state: shown, source: head, destination };
  }
  const merged = state === 'merged';
  const shown = state === 'open' ? 'open' : 'closed';
  const ends = { head: { ref: branch, sha: commit, repo: { id: source } }, base: { repo: { id: 1 } } };
  const mergedAt = merged ? '2026-01-01T00:00:00Z' : null;
  return { number, title, html_url: link, state: shown, merged, merged_at: mergedAt, ...ends };
}
