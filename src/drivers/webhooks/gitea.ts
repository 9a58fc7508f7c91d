import { z } from 'zod';
import type { RepositoryEvent } from '../../domain/repository-event.ts';
import type { WebhookReading } from '../../domain/webhook.ts';
import type { WebhookDriver, WebhookHeaders, WebhookRequest } from '../../engine/ports/webhook-provider.ts';
import { pullRequestEvent, pushEvent, understood, type Understood } from './forge-events.ts';
import { addresses, branchOf, peek, present, readPayload, refName, sha, tagOf, take } from './payload.ts';
import { isHmacSha256, looksLikeHmac } from './signature.ts';

const address = z.string().nullish();
const envelopeSchema = z.object({
  action: z.string().nullish(),
  repository: z.object({ clone_url: address, ssh_url: address, html_url: address }).nullish(),
  sender: z.object({ login: z.string().nullish(), username: z.string().nullish() }).nullish(),
});

const person = z.object({ name: z.string().nullish(), email: z.string().nullish() });
const commitSchema = z.object({ id: sha, message: z.string(), author: person.nullish() });
const pushSchema = z.object({
  ref: refName,
  before: sha,
  after: sha,
  commits: z.array(commitSchema).nullish(),
  head_commit: commitSchema.nullish(),
  pusher: z.object({ login: z.string().nullish(), email: z.string().nullish() }).nullish(),
});

const deleteSchema = z.object({ ref: refName, ref_type: z.string() });

const sideSchema = z.object({ ref: refName, sha, repo_id: z.number().nullish() });
const pullRequestSchema = z.object({
  action: z.string(),
  number: z.int(),
  pull_request: z.object({
    title: z.string(),
    html_url: z.string().default(''),
    merged: z.boolean().nullish(),
    user: z.object({ login: z.string() }).nullish(),
    head: sideSchema,
    base: sideSchema,
  }),
});

/** Gitea and Forgejo, which sends the same under both names. */
export const giteaWebhooks: WebhookDriver = {
  bodiesDiffer: true,
  showsSignature: (headers) => looksLikeHmac(either(headers, 'signature')),
  isSigned: ({ headers, body }, secret) => isHmacSha256(either(headers, 'signature'), body, secret),
  deliveryId: ({ headers }) => either(headers, 'delivery'),
  read,
};

function either(headers: WebhookHeaders, name: string): string | null {
  return headers[`x-forgejo-${name}`] ?? headers[`x-gitea-${name}`] ?? null;
}

function read(request: WebhookRequest): WebhookReading {
  const event = either(request.headers, 'event') ?? 'unknown';
  const payload = readPayload(request);
  const envelope = peek(envelopeSchema, payload);
  const { clone_url, ssh_url, html_url } = envelope?.repository ?? {};
  const told = {
    name: present([event, envelope?.action]).join('.'),
    repositories: addresses([clone_url, ssh_url, html_url]),
    sender: envelope?.sender?.login ?? envelope?.sender?.username ?? null,
  };
  return { ...told, ...understand(event, payload) };
}

function understand(event: string, payload: unknown): Understood {
  if (event === 'push') return understood(readPush(payload), 'a push to neither a branch nor a tag');
  if (event === 'delete') return understood(readDelete(payload), 'what was deleted is neither a branch nor a tag');
  if (event === 'pull_request' || event === 'pull_request_sync')
    return understood(readPullRequest(payload), 'nothing follows from this action');
  return { events: [], ignored: `nothing follows from ${event}` };
}

function readPush(payload: unknown): RepositoryEvent | null {
  const push = take(pushSchema, payload, 'push');
  const head = push.head_commit ?? (push.commits ?? []).find(({ id }) => id === push.after);
  return pushEvent({
    ...push,
    message: head?.message,
    author: {
      name: head?.author?.name ?? push.pusher?.login ?? 'unknown',
      email: head?.author?.email ?? (push.pusher?.email || null),
    },
    // A push that takes commits away looks like any other, and nobody tells what that changes.
    changedPaths: null,
  });
}

/** The name alone, without `refs/heads/`. */
function readDelete(payload: unknown): RepositoryEvent | null {
  const { ref, ref_type: type } = take(deleteSchema, payload, 'deletion');
  if (type === 'branch') return { kind: 'branch-deleted', branch: branchOf(ref) ?? ref };
  return type === 'tag' ? { kind: 'tag', tag: tagOf(ref) ?? ref, commit: null } : null;
}

function readPullRequest(payload: unknown): RepositoryEvent | null {
  const told = take(pullRequestSchema, payload, 'pull request');
  const { head, base } = told.pull_request;
  return pullRequestEvent(told, typeof head.repo_id !== 'number' || head.repo_id !== base.repo_id);
}
