import type { EnvironmentCommands } from '../../engine/commands/commands.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { wireEnvironment } from '../wire/project.ts';

export function environmentHandlers(environments: EnvironmentCommands): HandlerGroup<'environments'> {
  return {
    create: async ({ actor, params, body }) =>
      json(wireEnvironment(await environments.create(actor, params.project, body))),
    list: async ({ actor, params }) => {
      const list = await environments.list(actor, params.project);
      return json({ environments: list.map(wireEnvironment) });
    },
    get: async ({ actor, params }) =>
      json(wireEnvironment(await environments.get(actor, params.project, params.environment))),
    update: async ({ actor, params, body }) =>
      json(wireEnvironment(await environments.update(actor, params.project, params.environment, body.settings))),
    resumeAutoDeploy: async ({ actor, params }) =>
      json(wireEnvironment(await environments.resumeAutoDeploy(actor, params.project, params.environment))),
    delete: async ({ actor, params }) => {
      await environments.delete(actor, params.project, params.environment);
      return nothing;
    },
  };
}
