import { CutoverError } from '../../domain/errors.ts';
import type { Actor, Permission } from '../../domain/roles.ts';
import type { WebhookDelivery } from '../../domain/webhook.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { HookOwner, StoredHook } from '../ports/webhook-store.ts';
import type { HookTarget, Webhook, WebhookCommands } from './webhook-commands.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import { webhookReceiver, type ReceiverDependencies } from './webhook-receive.ts';
import { openHookSecret, sealHookSecret } from './webhook-secret.ts';
import { watchDeliveries } from './webhook-watch.ts';

export interface WebhookDependencies extends ReceiverDependencies {
  readonly projects: Pick<ConfigurationStore['projects'], 'find'>;
  /** Hard to guess, and made for this one use. */
  readonly newSecret: () => string;
}

export function webhookCommands(dependencies: WebhookDependencies): WebhookCommands {
  const { store, random, wakeProcessor } = dependencies;
  return {
    receive: webhookReceiver(dependencies),
    async hook(actor, target) {
      const hook = await store.hookOf(await ownerOf(dependencies, actor, target));
      return hook === null ? null : shown(dependencies, hook);
    },
    async putHook(actor, target, { replace }) {
      const owner = await ownerOf(dependencies, actor, target);
      const hook = await store.putHook(owner, newHook(dependencies), replace);
      return hook === null ? noOwner(target) : shown(dependencies, hook);
    },
    async removeHook(actor, target) {
      if (await store.removeHook(await ownerOf(dependencies, actor, target))) return;
      throw new CutoverError('not_found', 'there is no webhook to be removed');
    },
    async deliveries(actor, project, query) {
      const projectId = await scopeOf(dependencies, actor, { project, permission: 'read' });
      return store.list({ projectId, ...query });
    },
    async *watchDeliveries(actor, project, after, signal) {
      const projectId = await scopeOf(dependencies, actor, { project, permission: 'read' });
      yield* watchDeliveries(dependencies, { projectId, after }, signal);
    },
    delivery: (actor, project, id) => find(dependencies, actor, { project, id, permission: 'read' }),
    async redeliver(actor, project, id) {
      const lookup = { project, id, permission: 'deploy' } as const;
      const { reason } = await find(dependencies, actor, lookup);
      const copy = { id: random.id(), by: actor.name, projectId: await scopeOf(dependencies, actor, lookup) };
      if (!(await store.keepAgain(id, copy)))
        throw new CutoverError(
          'delivery_not_repeatable',
          `nothing follows from this delivery: ${reason ?? 'it is gone'}`,
        );
      wakeProcessor();
      return find(dependencies, actor, { ...lookup, id: copy.id });
    },
  };
}

/** The platform's own are of every project. */
async function ownerOf({ projects }: WebhookDependencies, actor: Actor, target: HookTarget): Promise<HookOwner> {
  if (!('project' in target)) {
    requireAccess(actor, 'administer', null);
    return target;
  }
  requireAccess(actor, 'configure', target.project);
  return { projectId: ((await projects.find(target.project)) ?? noProject(target.project)).id };
}

function noOwner(target: HookTarget): never {
  if ('project' in target) noProject(target.project);
  throw new CutoverError('internal', `the webhook of ${target.provider} could not be kept`);
}

function newHook({ random, secretBox, newSecret }: WebhookDependencies) {
  return { id: newSecret().slice(0, 24), ...sealHookSecret(secretBox, random.id(), newSecret()) };
}

function shown({ secretBox }: WebhookDependencies, hook: StoredHook): Webhook {
  const { id, provider, createdAt, secretSetAt } = hook;
  return { id, provider, secret: openHookSecret(secretBox, hook), createdAt, secretSetAt };
}

interface Scope {
  /** null: the whole platform. */
  readonly project: string | null;
  readonly permission: Permission;
}

/** Id of the project; null: every project's, for those who administer the platform. */
async function scopeOf(
  { projects }: WebhookDependencies,
  actor: Actor,
  { project, permission }: Scope,
): Promise<string | null> {
  requireAccess(actor, project === null ? 'administer' : permission, project);
  return project === null ? null : ((await projects.find(project)) ?? noProject(project)).id;
}

async function find(
  dependencies: WebhookDependencies,
  actor: Actor,
  lookup: Scope & { readonly id: string },
): Promise<WebhookDelivery> {
  const delivery = await dependencies.store.find(lookup.id, await scopeOf(dependencies, actor, lookup));
  if (delivery === null) throw new CutoverError('not_found', `there is no delivery ${lookup.id}`);
  return delivery;
}
