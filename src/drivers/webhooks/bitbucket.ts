import { z } from 'zod';
import type { EventAuthor, PullRequestEvent, RepositoryEvent } from '../../domain/repository-event.ts';
import { skipPhraseOf } from '../../domain/skip-phrase.ts';
import type { WebhookReading } from '../../domain/webhook.ts';
import type { WebhookDriver, WebhookHeaders, WebhookRequest } from '../../engine/ports/webhook-provider.ts';
import { addresses, firstLine, peek, readPayload, refName, sha, take } from './payload.ts';
import { isHmacSha256, looksLikeHmac } from './signature.ts';

const person = z.object({ nickname: z.string().nullish(), display_name: z.string().nullish() });
const link = z.object({ href: z.string() });
const envelopeSchema = z.object({
  actor: person.nullish(),
  repository: z.object({ full_name: z.string(), links: z.object({ html: link.nullish() }).nullish() }).nullish(),
});

const pointerSchema = z.object({
  type: z.string(),
  name: refName,
  target: z.object({
    hash: sha,
    message: z.string().nullish(),
    author: z.object({ raw: z.string().nullish(), user: person.nullish() }).nullish(),
  }),
});
type Pointer = z.output<typeof pointerSchema>;
const pushSchema = z.object({
  push: z.object({
    changes: z.array(z.object({ new: pointerSchema.nullish(), old: pointerSchema.nullish() })),
  }),
});

/** Bitbucket shortens the commit to its first 12 digits. */
const sideSchema = z.object({
  branch: z.object({ name: refName }),
  commit: z.object({ hash: z.string().regex(/^[0-9a-f]{12,40}$/, 'is no commit') }).nullish(),
  repository: z.object({ full_name: z.string() }).nullish(),
});
const pullRequestSchema = z.object({
  pullrequest: z.object({
    id: z.int(),
    title: z.string(),
    author: person.nullish(),
    links: z.object({ html: link.nullish() }).nullish(),
    source: sideSchema,
    destination: sideSchema,
  }),
});

const actions: ReadonlyMap<string, PullRequestEvent['action']> = new Map([
  ['pullrequest:created', 'opened'],
  // Also of a new title: then it brings the commit that is known already.
  ['pullrequest:updated', 'synchronized'],
  ['pullrequest:fulfilled', 'closed'],
  ['pullrequest:rejected', 'closed'],
]);

/**
 * Bitbucket Cloud. A branch that goes back and forth between two commits is told of in the same words again: a body says nothing about whether
 * it is a replay.
 */
export const bitbucketWebhooks: WebhookDriver = {
  bodiesDiffer: false,
  showsSignature: (headers) => looksLikeHmac(signatureOf(headers)),
  isSigned: ({ headers, body }, secret) => isHmacSha256(signatureOf(headers), body, secret),
  deliveryId: ({ headers }) => headers['x-request-uuid'] ?? null,
  read,
};

function signatureOf(headers: WebhookHeaders): string | null {
  return /^sha256=(\w+)$/.exec(headers['x-hub-signature'] ?? '')?.[1] ?? null;
}

function read(request: WebhookRequest): WebhookReading {
  const event = request.headers['x-event-key'] ?? 'unknown';
  const payload = readPayload(request);
  const envelope = peek(envelopeSchema, payload);
  const { full_name: name, links } = envelope?.repository ?? {};
  const told = {
    name: event,
    repositories: addresses([links?.html?.href, name === undefined ? null : `https://bitbucket.org/${name}`]),
    sender: envelope?.actor?.nickname ?? envelope?.actor?.display_name ?? null,
  };
  return { ...told, ...understand(event, payload) };
}

type Understood = Pick<WebhookReading, 'events' | 'ignored'>;

function understand(event: string, payload: unknown): Understood {
  const events = event === 'repo:push' ? readPush(payload) : readPullRequest(event, payload);
  return { events, ignored: events.length === 0 ? `nothing follows from ${event}` : null };
}

/** Bitbucket itself tells of fewer. */
const mostChanges = 100;

function readPush(payload: unknown): readonly RepositoryEvent[] {
  const { push } = take(pushSchema, payload, 'push');
  return push.changes
    .slice(0, mostChanges)
    .flatMap(({ new: after, old: before }) => readChange(after ?? null, before ?? null) ?? []);
}

function readChange(after: Pointer | null, before: Pointer | null): RepositoryEvent | null {
  const pointer = after ?? before;
  if (pointer?.type === 'tag') return { kind: 'tag', tag: pointer.name, commit: after?.target.hash ?? null };
  if (pointer === null || pointer.type !== 'branch') return null;
  if (after === null) return { kind: 'branch-deleted', branch: pointer.name };
  const { hash, message, author } = after.target;
  return {
    kind: 'push',
    branch: after.name,
    commit: hash,
    before: before?.target.hash ?? null,
    message: firstLine(message ?? ''),
    skipPhrase: skipPhraseOf(message ?? ''),
    author: readAuthor(author?.raw ?? ''),
    // Bitbucket tells no paths.
    changedPaths: null,
  };
}

const longestAuthor = 500;

/** `Ada <ada@example.test>`, or a name alone. */
function readAuthor(raw: string): EventAuthor {
  const text = raw.slice(0, longestAuthor).trim();
  const start = text.endsWith('>') ? text.lastIndexOf('<') : -1;
  if (start === -1) return { name: text === '' ? 'unknown' : text, email: null };
  return { name: text.slice(0, start).trim(), email: text.slice(start + 1, -1) };
}

function readPullRequest(event: string, payload: unknown): readonly PullRequestEvent[] {
  const action = actions.get(event);
  if (action === undefined) return [];
  const { pullrequest: request } = take(pullRequestSchema, payload, 'pull request');
  const { source, destination } = request;
  return [
    {
      kind: 'pull-request',
      action,
      number: request.id,
      title: firstLine(request.title),
      url: request.links?.html?.href ?? '',
      headBranch: source.branch.name,
      headCommit: source.commit?.hash ?? '',
      baseBranch: destination.branch.name,
      fromFork:
        source.repository?.full_name === undefined || source.repository.full_name !== destination.repository?.full_name,
      merged: event === 'pullrequest:fulfilled',
      author: { name: request.author?.nickname ?? request.author?.display_name ?? 'unknown', email: null },
    },
  ];
}
