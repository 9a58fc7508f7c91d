import type { ProjectCommands } from '../../engine/commands/commands.ts';
import type { PushCommands } from '../../engine/commands/push-commands.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { wireProject } from '../wire/project.ts';

export function projectHandlers(projects: ProjectCommands, pushes: PushCommands): HandlerGroup<'projects'> {
  return {
    create: async ({ actor, body }) => json(wireProject(await projects.create(actor, body))),
    list: async ({ actor }) => json({ projects: (await projects.list(actor)).map(wireProject) }),
    get: async ({ actor, params }) => json(wireProject(await projects.get(actor, params.project))),
    update: async ({ actor, params, body }) => json(wireProject(await projects.update(actor, params.project, body))),
    remote: async ({ actor, params }) => {
      const { url, branches } = await pushes.remote(actor, params.project);
      return json({ url, branches: branches.map((one) => ({ ...one, environments: [...one.environments] })) });
    },
    delete: async ({ actor, params }) => {
      await projects.delete(actor, params.project);
      return nothing;
    },
  };
}
