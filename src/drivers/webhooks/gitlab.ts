import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PullRequestEvent, RepositoryEvent } from '../../domain/repository-event.ts';
import type { WebhookReading } from '../../domain/webhook.ts';
import type { WebhookDriver, WebhookRequest } from '../../engine/ports/webhook-provider.ts';
import { pushEvent, understood, type Understood } from './forge-events.ts';
import { addresses, firstLine, peek, present, readPayload, refName, sha, take } from './payload.ts';
import { isSameSecret, isStandardSignature, looksLikeStandardSignature } from './signature.ts';

const address = z.string().nullish();
const person = z.object({ name: z.string().nullish(), username: z.string().nullish(), email: z.string().nullish() });
const envelopeSchema = z.object({
  object_kind: z.string().nullish(),
  event_name: z.string().nullish(),
  project: z
    .object({ git_http_url: address, git_ssh_url: address, http_url: address, ssh_url: address, web_url: address })
    .nullish(),
  user_username: z.string().nullish(),
  user: person.nullish(),
  object_attributes: z.object({ action: z.string().nullish() }).nullish(),
});

const commitSchema = z.object({ id: sha, message: z.string(), author: person.nullish() });
const pushSchema = z.object({
  ref: refName,
  before: sha,
  after: sha,
  commits: z.array(commitSchema).nullish(),
  user_name: z.string().nullish(),
  user_email: z.string().nullish(),
});

const mergeRequestSchema = z.object({
  user: person.nullish(),
  object_attributes: z.object({
    iid: z.int(),
    title: z.string(),
    url: z.string().default(''),
    action: z.string().nullish(),
    /** Where the update brought commits: what the branch pointed to before. */
    oldrev: z.string().nullish(),
    source_branch: refName,
    target_branch: refName,
    source_project_id: z.number().nullish(),
    target_project_id: z.number().nullish(),
    last_commit: z.object({ id: sha }),
  }),
});

/**
 * GitLab's own. Where it is given a signing token, number, time and body are signed, and what is signed wrongly is not believed for its
 * token. The token alone is shown with each, and signs nothing: the body is as true as the way it came.
 */
export const gitlabWebhooks: WebhookDriver = {
  bodiesDiffer: false,
  showsSignature: (headers) =>
    (headers['x-gitlab-token'] ?? '') !== '' || looksLikeStandardSignature(headers['webhook-signature']),
  isSigned,
  deliveryId: ({ headers, body }) =>
    (headers['webhook-signature'] === undefined ? undefined : headers['webhook-id']) ??
    headers['idempotency-key'] ??
    eventOf(headers['x-gitlab-event-uuid'], body),
  read,
};

function isSigned({ headers, body }: WebhookRequest, secret: string): boolean {
  const { 'webhook-signature': signature, 'webhook-id': id, 'webhook-timestamp': timestamp } = headers;
  if (signature === undefined) return isSameSecret(headers['x-gitlab-token'] ?? '', secret);
  if (id === undefined || timestamp === undefined) return false;
  return isStandardSignature(signature, { id, timestamp, body }, secret);
}

/** GitLab before 17.4 numbers events alone, and those that a delivery brings about have the number of what did. */
function eventOf(uuid: string | undefined, body: Uint8Array): string | null {
  return uuid === undefined ? null : `${uuid} ${createHash('sha256').update(body).digest('hex')}`;
}

function read(request: WebhookRequest): WebhookReading {
  const payload = readPayload(request);
  const envelope = peek(envelopeSchema, payload);
  const event = envelope?.object_kind ?? envelope?.event_name ?? request.headers['x-gitlab-event'] ?? 'unknown';
  const { git_http_url, git_ssh_url, http_url, ssh_url, web_url } = envelope?.project ?? {};
  const told = {
    name: present([event, envelope?.object_attributes?.action]).join('.'),
    repositories: addresses([git_http_url, git_ssh_url, http_url, ssh_url, web_url]),
    sender: envelope?.user_username ?? envelope?.user?.username ?? null,
  };
  return { ...told, ...understand(event, payload) };
}

function understand(event: string, payload: unknown): Understood {
  if (event === 'push' || event === 'tag_push')
    return understood(readPush(payload), 'a push to neither a branch nor a tag');
  if (event === 'merge_request') return understood(readMergeRequest(payload), 'nothing follows from this action');
  return { events: [], ignored: `nothing follows from ${event}` };
}

function readPush(payload: unknown): RepositoryEvent | null {
  const push = take(pushSchema, payload, 'push');
  const head = (push.commits ?? []).find(({ id }) => id === push.after);
  return pushEvent({
    ...push,
    message: head?.message,
    author: {
      name: head?.author?.name ?? push.user_name ?? 'unknown',
      email: head?.author?.email ?? (push.user_email || null),
    },
    // A push that takes commits away looks like any other, and nobody tells what that changes.
    changedPaths: null,
  });
}

function readMergeRequest(payload: unknown): PullRequestEvent | null {
  const { user, object_attributes: request } = take(mergeRequestSchema, payload, 'merge request');
  const action = actionOf(request);
  if (action === null) return null;
  return {
    kind: 'pull-request',
    action,
    number: request.iid,
    title: firstLine(request.title),
    url: request.url,
    headBranch: request.source_branch,
    headCommit: request.last_commit.id,
    baseBranch: request.target_branch,
    fromFork: typeof request.source_project_id !== 'number' || request.source_project_id !== request.target_project_id,
    merged: request.action === 'merge',
    author: { name: user?.username ?? user?.name ?? 'unknown', email: null },
  };
}

type Request = z.output<typeof mergeRequestSchema>['object_attributes'];

function actionOf({ action, oldrev }: Request): PullRequestEvent['action'] | null {
  if (action === 'open') return 'opened';
  if (action === 'reopen') return 'reopened';
  if (action === 'close' || action === 'merge') return 'closed';
  return action === 'update' && typeof oldrev === 'string' && oldrev !== '' ? 'synchronized' : null;
}
