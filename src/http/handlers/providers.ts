import type { ProviderCommands } from '../../engine/commands/preview-commands.ts';
import type { ProviderFacts } from '../../domain/provider.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';

export function providerHandlers(providers: ProviderCommands): HandlerGroup<'providers'> {
  return {
    get: async ({ actor, params }) => {
      const facts = await providers.get(actor, params.project);
      return json({ provider: facts === null ? null : wire(facts) });
    },
    set: async ({ actor, params, body }) => json(wire(await providers.set(actor, params.project, body))),
    update: async ({ actor, params, body }) => {
      await providers.tellDeployments(actor, params.project, body.tellsDeployments);
      return nothing;
    },
    remove: async ({ actor, params }) => {
      await providers.remove(actor, params.project);
      return nothing;
    },
  };
}

/** Nothing but these, whatever the engine hands over. */
function wire({ kind, apiUrl, repository, installation, fingerprint, ...facts }: ProviderFacts) {
  const { tellsDeployments, setBy, setAt, lastError, lastErrorAt } = facts;
  return {
    kind,
    apiUrl,
    repository,
    installation,
    fingerprint,
    tellsDeployments,
    setBy,
    setAt,
    lastError,
    lastErrorAt,
  };
}
