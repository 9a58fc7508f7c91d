import type { RegistryCommands } from '../../engine/commands/intake.ts';
import type { RegistryCredentialFacts } from '../../domain/registry-credential.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';

export function registryHandlers(registries: RegistryCommands): HandlerGroup<'registries'> {
  return {
    list: async ({ actor, params }) =>
      json({ registries: (await registries.list(actor, params.project)).map(wireRegistry) }),
    set: async ({ actor, params, body }) =>
      json(wireRegistry(await registries.set(actor, params.project, { ...body, host: params.registry }))),
    remove: async ({ actor, params }) => {
      await registries.remove(actor, params.project, params.registry);
      return nothing;
    },
  };
}

/** Nothing but these, whatever the engine hands over. */
function wireRegistry({ host, username, fingerprint, setBy, setAt }: RegistryCredentialFacts) {
  return { host, username, fingerprint, setBy, setAt };
}
