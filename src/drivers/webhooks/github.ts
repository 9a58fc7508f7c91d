import { z } from 'zod';
import type { PullRequestEvent, RepositoryEvent } from '../../domain/repository-event.ts';
import { skipPhraseOf } from '../../domain/skip-phrase.ts';
import type { WebhookReading } from '../../domain/webhook.ts';
import type { WebhookDriver, WebhookHeaders, WebhookRequest } from '../../engine/ports/webhook-provider.ts';
import {
  addresses,
  branchOf,
  changedPaths,
  commitPaths,
  firstLine,
  peek,
  present,
  readPayload,
  refName,
  sha,
  shaOrNull,
  tagOf,
  take,
} from './payload.ts';
import { isHmacSha256, looksLikeHmac } from './signature.ts';

const address = z.string().nullish();
const envelopeSchema = z.object({
  action: z.string().nullish(),
  repository: z
    .object({ clone_url: address, ssh_url: address, git_url: address, html_url: address, url: address })
    .nullish(),
  sender: z.object({ login: z.string() }).nullish(),
});

const commitSchema = z.object({ id: sha, message: z.string(), ...commitPaths });
const person = z.object({ name: z.string().nullish(), email: z.string().nullish() });
const pushSchema = z.object({
  ref: refName,
  before: sha,
  after: sha,
  deleted: z.boolean().default(false),
  created: z.boolean().default(false),
  forced: z.boolean().default(false),
  commits: z.array(commitSchema).default([]),
  head_commit: commitSchema.extend({ author: person.nullish() }).nullish(),
  pusher: person.nullish(),
});

const sideSchema = z.object({ ref: refName, sha, repo: z.object({ id: z.number() }).nullish() });
const pullRequestSchema = z.object({
  action: z.string(),
  number: z.int(),
  pull_request: z.object({
    title: z.string(),
    html_url: z.string(),
    merged: z.boolean().nullish(),
    user: z.object({ login: z.string() }).nullish(),
    head: sideSchema,
    base: sideSchema,
  }),
});

const actions: Readonly<Record<string, PullRequestEvent['action']>> = {
  opened: 'opened',
  synchronize: 'synchronized',
  closed: 'closed',
  reopened: 'reopened',
};

/** GitHub, its Apps and its Enterprise Server. */
export const githubWebhooks: WebhookDriver = {
  bodiesDiffer: true,
  showsSignature: (headers) => looksLikeHmac(signatureOf(headers)),
  isSigned: ({ headers, body }, secret) => isHmacSha256(signatureOf(headers), body, secret),
  deliveryId: ({ headers }) => headers['x-github-delivery'] ?? null,
  read,
};

function signatureOf(headers: WebhookHeaders): string | null {
  return /^sha256=(\w+)$/.exec(headers['x-hub-signature-256'] ?? '')?.[1] ?? null;
}

function read(request: WebhookRequest): WebhookReading {
  const event = request.headers['x-github-event'] ?? 'unknown';
  const payload = readPayload(request);
  const envelope = peek(envelopeSchema, payload);
  const { clone_url, ssh_url, git_url, html_url, url } = envelope?.repository ?? {};
  const told = {
    name: present([event, envelope?.action]).join('.'),
    repositories: addresses([clone_url, ssh_url, git_url, html_url, url]),
    sender: envelope?.sender?.login ?? null,
  };
  const { events, ignored } = understand(event, payload);
  return { ...told, events, ignored };
}

type Understood = Pick<WebhookReading, 'events' | 'ignored'>;

function understand(event: string, payload: unknown): Understood {
  if (event === 'push') return of(readPush(payload), 'a push to something that is neither a branch nor a tag');
  if (event === 'pull_request') return of(readPullRequest(payload), 'nothing follows from this action');
  if (event === 'ping') return { events: [], ignored: 'GitHub asks whether somebody listens: it is so' };
  return { events: [], ignored: `nothing follows from ${event}` };
}

function of(event: RepositoryEvent | null, otherwise: string): Understood {
  return event === null ? { events: [], ignored: otherwise } : { events: [event], ignored: null };
}

function readPush(payload: unknown): RepositoryEvent | null {
  const push = take(pushSchema, payload, 'push');
  const [branch, tag] = [branchOf(push.ref), tagOf(push.ref)];
  const commit = push.deleted ? null : shaOrNull(push.after);
  if (tag !== null) return { kind: 'tag', tag, commit };
  if (branch === null) return null;
  if (commit === null) return { kind: 'branch-deleted', branch };
  const head = push.head_commit ?? push.commits.find(({ id }) => id === commit) ?? null;
  const author = push.head_commit?.author ?? push.pusher;
  return {
    kind: 'push',
    branch,
    commit,
    before: shaOrNull(push.before),
    message: firstLine(head?.message ?? ''),
    skipPhrase: skipPhraseOf(head?.message ?? ''),
    author: { name: author?.name ?? 'unknown', email: author?.email ?? null },
    changedPaths: pathsOf(push),
  };
}

/** GitHub tells of so many commits at most. */
const mostCommits = 2_048;

/** A new branch is compared with nothing, and where commits were taken away nobody tells what that changed. */
function pathsOf({ created, forced, commits }: z.output<typeof pushSchema>): readonly string[] | null {
  const whole = !created && !forced && commits.length > 0 && commits.length < mostCommits;
  return whole ? changedPaths(commits) : null;
}

function readPullRequest(payload: unknown): PullRequestEvent | null {
  const { action: name, number, pull_request: request } = take(pullRequestSchema, payload, 'pull request');
  const action = actions[name];
  if (action === undefined) return null;
  const { head, base } = request;
  return {
    kind: 'pull-request',
    action,
    number,
    title: firstLine(request.title),
    url: request.html_url,
    headBranch: head.ref,
    headCommit: head.sha,
    baseBranch: base.ref,
    // A fork that was deleted is named by nobody any more.
    fromFork: head.repo?.id === undefined || head.repo.id !== base.repo?.id,
    merged: request.merged ?? false,
    author: { name: request.user?.login ?? 'unknown', email: null },
  };
}
