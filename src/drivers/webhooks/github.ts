import { z } from 'zod';
import type { RepositoryEvent } from '../../domain/repository-event.ts';
import type { WebhookReading } from '../../domain/webhook.ts';
import type { WebhookDriver, WebhookHeaders, WebhookRequest } from '../../engine/ports/webhook-provider.ts';
import { pullRequestEvent, pushEvent, understood, type Understood } from './forge-events.ts';
import {
  addresses,
  changedPaths,
  commitPaths,
  noCommit,
  peek,
  present,
  readPayload,
  refName,
  sha,
  take,
} from './payload.ts';
import { installationEvents, readInstallation } from './github-installation.ts';
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

function understand(event: string, payload: unknown): Understood {
  if (event === 'push') return understood(readPush(payload), 'a push to something that is neither a branch nor a tag');
  if (event === 'pull_request') return understood(readPullRequest(payload), 'nothing follows from this action');
  if (installationEvents.has(event)) return understood(readInstallation(payload), '');
  if (event === 'ping') return { events: [], ignored: 'GitHub asks whether somebody listens: it is so' };
  return { events: [], ignored: `nothing follows from ${event}` };
}

function readPush(payload: unknown): RepositoryEvent | null {
  const push = take(pushSchema, payload, 'push');
  const head = push.head_commit ?? push.commits.find(({ id }) => id === push.after);
  const author = push.head_commit?.author ?? push.pusher;
  return pushEvent({
    ...push,
    after: push.deleted ? noCommit : push.after,
    message: head?.message,
    author: { name: author?.name ?? 'unknown', email: author?.email ?? null },
    changedPaths: pathsOf(push),
  });
}

/** GitHub tells of so many commits at most. */
const mostCommits = 2_048;

/** A new branch is compared with nothing, and where commits were taken away nobody tells what that changed. */
function pathsOf({ created, forced, commits }: z.output<typeof pushSchema>): readonly string[] | null {
  const whole = !created && !forced && commits.length > 0 && commits.length < mostCommits;
  return whole ? changedPaths(commits) : null;
}

function readPullRequest(payload: unknown): RepositoryEvent | null {
  const told = take(pullRequestSchema, payload, 'pull request');
  const { head, base } = told.pull_request;
  // A fork that was deleted is named by nobody any more.
  return pullRequestEvent(told, head.repo?.id === undefined || head.repo.id !== base.repo?.id);
}
