import { CutoverError } from '../../domain/errors.ts';
import { retentionSettingsProblem, type RetentionSettings } from '../../domain/retention-settings.ts';
import type { RetentionStore } from '../ports/retention-store.ts';
import type { GarbageCollector } from '../reconcile/collect-garbage.ts';
import type { RetentionCommands } from './commands.ts';
import { requireAccess } from './projects-access.ts';

export interface RetentionDependencies {
  readonly store: Pick<RetentionStore, 'settings' | 'updateSettings'>;
  readonly collector: Pick<GarbageCollector, 'plan' | 'collect' | 'wake'>;
}

/** Short enough that a caller does not give up; whoever wants more asks again. */
const limitMs = 30_000;

export function retentionCommands({ store, collector }: RetentionDependencies): RetentionCommands {
  return {
    async settings(actor) {
      requireAccess(actor, 'read', null);
      return store.settings();
    },
    async update(actor, change) {
      requireAccess(actor, 'administer', null);
      const settings = await store.updateSettings((current) => checked({ ...current, ...change }));
      collector.wake();
      return settings;
    },
    async plan(actor, wishes, signal) {
      requireAccess(actor, 'administer', null);
      return collector.plan(wishes, signal);
    },
    async run(actor, wishes, signal) {
      requireAccess(actor, 'administer', null);
      return collector.collect({ ...wishes, limitMs, count: true }, signal);
    },
  };
}

function checked(settings: RetentionSettings): RetentionSettings {
  const problem = retentionSettingsProblem(settings);
  if (problem !== null) throw new CutoverError('invalid_input', problem);
  return settings;
}
