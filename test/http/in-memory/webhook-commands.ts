import { randomUUID } from 'node:crypto';
import { CutoverError } from '../../../src/domain/errors.ts';
import { mayAccess, type Actor, type Permission } from '../../../src/domain/roles.ts';
import type { WebhookDelivery } from '../../../src/domain/webhook.ts';
import type { HookTarget, Webhook, WebhookCommands } from '../../../src/engine/commands/webhook-commands.ts';
import type { Platform } from './platform.ts';

const secret = 'a secret of the webhook';

const deployed: WebhookDelivery = {
  id: '019c0000-0000-7000-8000-000000000002',
  sequence: 2,
  provider: 'github',
  hookProject: 'my-app',
  name: 'push',
  state: 'processed',
  verified: true,
  reason: null,
  repository: 'https://git.example/my-app.git',
  sender: 'ada',
  events: [
    {
      kind: 'push',
      branch: 'main',
      commit: 'a'.repeat(40),
      before: null,
      message: 'Prices with taxes',
      skipPhrase: null,
      author: { name: 'Ada', email: null },
      changedPaths: null,
    },
  ],
  projects: [
    {
      project: 'my-app',
      outcomes: [
        {
          environment: 'production',
          result: 'deployed',
          deployment: 7,
          code: 'deployed',
          reason: 'deployed as #7',
        },
        {
          environment: 'staging',
          result: 'not-deployed',
          deployment: null,
          code: 'auto-deploy-off',
          reason: 'auto-deploy of staging is off',
        },
      ],
    },
  ],
  repeats: 1,
  redeliveryOf: null,
  redeliveredBy: null,
  receivedAt: '2026-01-01T00:00:00.000Z',
  processedAt: '2026-01-01T00:00:00.010Z',
};

const refused: WebhookDelivery = {
  ...deployed,
  id: '019c0000-0000-7000-8000-000000000001',
  sequence: 1,
  name: 'unknown',
  state: 'refused',
  verified: false,
  reason: 'the delivery is not signed with the secret of this webhook',
  repository: null,
  sender: null,
  events: [],
  projects: [{ project: 'my-app', outcomes: [] }],
  repeats: 0,
};

/** Two deliveries came before; whoever sends one as `x-secret` says is let in. */
export function webhookCommands(platform: Platform): WebhookCommands {
  const hooks = new Map<string, Webhook>();
  const deliveries = [deployed, refused];
  const find = (id: string) => {
    const found = deliveries.find((delivery) => delivery.id === id);
    if (found === undefined) throw new CutoverError('not_found', `there is no delivery ${id}`);
    return found;
  };
  return {
    async receive({ hookId, headers, body }) {
      if (![...hooks.values()].some(({ id }) => id === hookId)) throw new CutoverError('not_found', 'no such webhook');
      const { length } = await body();
      if (headers['x-secret'] !== secret) throw new CutoverError('webhook_signature_invalid', 'not signed');
      return { id: randomUUID(), outcome: 'ignored', reason: `${length} bytes` };
    },
    async hook(actor, target) {
      require(platform, actor, target);
      return hooks.get(keyOf(target)) ?? null;
    },
    async putHook(actor, target, { replace }) {
      require(platform, actor, target);
      const old = hooks.get(keyOf(target));
      if (old !== undefined && !replace) return old;
      const times = { createdAt: '2026-01-01T00:00:00.000Z', secretSetAt: '2026-01-01T00:00:00.000Z' };
      const made = { id: 'hook-1', provider: 'provider' in target ? target.provider : null, secret, ...times };
      hooks.set(keyOf(target), made);
      return made;
    },
    async removeHook(actor, target) {
      require(platform, actor, target);
      if (!hooks.delete(keyOf(target))) throw new CutoverError('not_found', 'there is no webhook to be removed');
    },
    async deliveries(actor, project, { before = Infinity, limit }) {
      requireScope(platform, actor, { project, permission: 'read' });
      return deliveries.filter(({ sequence }) => sequence < before).slice(0, limit);
    },
    async *watchDeliveries(actor, project, after) {
      requireScope(platform, actor, { project, permission: 'read' });
      yield* deliveries.toReversed().filter(({ sequence }) => sequence > (after ?? 0));
    },
    async delivery(actor, project, id) {
      requireScope(platform, actor, { project, permission: 'read' });
      return find(id);
    },
    async redeliver(actor, project, id) {
      requireScope(platform, actor, { project, permission: 'deploy' });
      const { state } = find(id);
      if (state === 'refused') throw new CutoverError('delivery_not_repeatable', 'nothing follows from this delivery');
      return {
        ...find(id),
        id: randomUUID(),
        sequence: 3,
        state: 'pending',
        redeliveryOf: id,
        redeliveredBy: actor.name,
      };
    },
  };
}

function keyOf(target: HookTarget): string {
  return 'project' in target ? `project ${target.project}` : target.provider;
}

function require(platform: Platform, actor: Actor, target: HookTarget): void {
  const project = 'project' in target ? target.project : null;
  requireScope(platform, actor, { project, permission: project === null ? 'administer' : 'configure' });
}

function requireScope(
  platform: Platform,
  actor: Actor,
  { project, permission }: { readonly project: string | null; readonly permission: Permission },
): void {
  if (!mayAccess(actor, project === null ? 'administer' : permission, project))
    throw new CutoverError('forbidden', `${actor.name} may not ${permission}`);
  if (project !== null && !platform.projects.has(project))
    throw new CutoverError('not_found', `there is no project "${project}"`);
}
