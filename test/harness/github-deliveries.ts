import { createHmac, randomUUID } from 'node:crypto';

/** Where a webhook answers, and what it is signed with. */
export interface HookAddress {
  readonly url: string;
  readonly secret: string;
}

export interface GithubDelivery {
  readonly event: string;
  readonly payload: unknown;
  /** Default: another one each time. */
  readonly id?: string;
}

export interface HookAnswer {
  readonly status: number;
  readonly body: {
    readonly id?: string;
    readonly outcome?: string;
    readonly reason?: string | null;
    readonly code?: string;
  };
}

/** As GitHub signs: the HMAC of the bytes. */
export function githubSignature(body: string | Uint8Array, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Sends a delivery as GitHub does. */
export function deliverAsGithub(
  { url, secret }: HookAddress,
  { event, payload, id }: GithubDelivery,
): Promise<HookAnswer> {
  const body = JSON.stringify(payload);
  return send(url, body, {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': id ?? randomUUID(),
    'x-hub-signature-256': githubSignature(body, secret),
  });
}

export async function send(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Promise<HookAnswer> {
  const response = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(60_000) });
  return { status: response.status, body: (await response.json()) as HookAnswer['body'] };
}

export interface GithubPush {
  readonly repository: string;
  readonly commit: string;
  readonly branch?: string;
  readonly before?: string;
  readonly message?: string;
  readonly paths?: readonly string[];
  readonly forced?: boolean;
}

/** What GitHub tells of a push of one commit. */
export function githubPush({
  repository,
  commit,
  branch = 'main',
  before,
  message = 'A change',
  paths,
  forced,
}: GithubPush) {
  const head = {
    id: commit,
    message,
    author: { name: 'Ada', email: 'ada@example.test' },
    added: [],
    modified: paths ?? ['index.js'],
    removed: [],
  };
  return {
    ref: `refs/heads/${branch}`,
    before: before ?? '0'.repeat(39) + '1',
    after: commit,
    created: false,
    deleted: false,
    forced: forced ?? false,
    commits: [head],
    head_commit: head,
    pusher: { name: 'ada', email: 'ada@example.test' },
    sender: { login: 'ada' },
    repository: { clone_url: repository, html_url: repository.replace(/\.git$/, ''), pushed_at: Date.now() },
  };
}
