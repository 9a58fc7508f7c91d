import type { TokenCommands, TokenInfo } from '../../engine/commands/commands.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';

export function tokenHandlers(tokens: TokenCommands): HandlerGroup<'tokens'> {
  return {
    create: async ({ actor, body }) => {
      const created = await tokens.create(actor, body);
      return json({ ...wireToken(created), secret: created.secret });
    },
    list: async ({ actor }) => json({ tokens: (await tokens.list(actor)).map(wireToken) }),
    revoke: async ({ actor, params }) => {
      await tokens.revoke(actor, params.token);
      return nothing;
    },
  };
}

function wireToken({ id, name, role, project, environments, createdAt, expiresAt }: TokenInfo) {
  return {
    id,
    name,
    role,
    project,
    environments: environments === null ? null : [...environments],
    createdAt,
    expiresAt,
  };
}
