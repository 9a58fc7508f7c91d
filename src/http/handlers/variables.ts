import type { VariableCommands } from '../../engine/commands/commands.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';
import { wireVariable } from '../wire/project.ts';

export function projectVariableHandlers(variables: VariableCommands): HandlerGroup<'projectVariables'> {
  return {
    list: async ({ actor, params }) => {
      const list = await variables.list(actor, params.project, null);
      return json({ variables: list.map(wireVariable) });
    },
    set: async ({ actor, params, body }) => {
      await variables.set(actor, params.project, null, body.variables);
      return nothing;
    },
    unset: async ({ actor, params, query }) =>
      json({ removed: [...(await variables.unset(actor, params.project, null, query.names))] }),
  };
}

const previews = { previews: true } as const;

export function previewVariableHandlers(variables: VariableCommands): HandlerGroup<'previewVariables'> {
  return {
    list: async ({ actor, params }) => {
      const list = await variables.list(actor, params.project, previews);
      return json({ variables: list.map(wireVariable) });
    },
    set: async ({ actor, params, body }) => {
      await variables.set(actor, params.project, previews, body.variables);
      return nothing;
    },
    unset: async ({ actor, params, query }) =>
      json({ removed: [...(await variables.unset(actor, params.project, previews, query.names))] }),
  };
}

export function environmentVariableHandlers(variables: VariableCommands): HandlerGroup<'environmentVariables'> {
  return {
    list: async ({ actor, params }) => {
      const list = await variables.list(actor, params.project, params.environment);
      return json({ variables: list.map(wireVariable) });
    },
    set: async ({ actor, params, body }) => {
      await variables.set(actor, params.project, params.environment, body.variables);
      return nothing;
    },
    unset: async ({ actor, params, query }) =>
      json({ removed: [...(await variables.unset(actor, params.project, params.environment, query.names))] }),
  };
}
