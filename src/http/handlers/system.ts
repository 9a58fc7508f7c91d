import { openApiDocument } from '../../contract/openapi/document.ts';
import type { DeploymentCommands } from '../../engine/commands/commands.ts';
import { json, text } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import type { System } from '../system.ts';
import { describeMetrics } from '../wire/metrics.ts';
import { wireDeployment } from '../wire/deployment.ts';

export function systemHandlers(system: System, deployments: DeploymentCommands): HandlerGroup<'system'> {
  const document = openApiDocument(system.version);
  return {
    health: async () => json({ status: 'ok' }),
    openapi: async () => json(document),
    whoami: async ({ actor: { environments, ...actor } }) =>
      json({ ...actor, environments: environments === undefined ? null : [...environments] }),
    queue: async ({ actor }) => {
      const { items, elsewhere } = await deployments.queue(actor);
      const wired = items.map((item) => ({ ...item, deployment: wireDeployment(item.deployment) }));
      return json({ items: wired, elsewhere });
    },
    server: async ({ signal }) => json(await system.status(signal)),
    doctor: async ({ signal }) => json(await system.doctor(signal)),
    invariants: async ({ signal }) => json(await system.invariants(signal)),
    diskUsage: async ({ signal }) => json(await system.diskUsage(signal)),
    metrics: async () => text(describeMetrics(system.metrics())),
  };
}
