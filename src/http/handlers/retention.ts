import type { RetentionCommands } from '../../engine/commands/commands.ts';
import { json } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { wireRetentionPlan, wireRetentionRun } from '../wire/retention.ts';

export function retentionHandlers(retention: RetentionCommands): HandlerGroup<'retention'> {
  return {
    settings: async ({ actor }) => json({ ...(await retention.settings(actor)) }),
    update: async ({ actor, body }) => json({ ...(await retention.update(actor, body)) }),
    plan: async ({ actor, query, signal }) => json(wireRetentionPlan(await retention.plan(actor, query, signal))),
    run: async ({ actor, body, signal }) => json(wireRetentionRun(await retention.run(actor, body, signal))),
  };
}
