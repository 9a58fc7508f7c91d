import type { CredentialCommands } from '../../engine/commands/commands.ts';
import type { CredentialFacts } from '../../domain/repository-credential.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';

export function credentialHandlers(credentials: CredentialCommands): HandlerGroup<'credentials'> {
  return {
    get: async ({ actor, params }) => {
      const facts = await credentials.get(actor, params.project);
      return json({ credential: facts === null ? null : wire(facts) });
    },
    set: async ({ actor, params, body }) => json(wire(await credentials.set(actor, params.project, body))),
    remove: async ({ actor, params }) => {
      await credentials.remove(actor, params.project);
      return nothing;
    },
    forgetHostKeys: async ({ actor, params }) => {
      await credentials.forgetHostKeys(actor, params.project);
      return nothing;
    },
  };
}

/** Nothing but these, whatever the engine hands over. */
function wire({ kind, host, fingerprint, setBy, setAt }: CredentialFacts) {
  return { kind, host, fingerprint, setBy, setAt };
}
