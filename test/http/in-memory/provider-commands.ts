import { CutoverError } from '../../../src/domain/errors.ts';
import type { ProviderFacts } from '../../../src/domain/provider.ts';
import type { ProviderCommands } from '../../../src/engine/commands/preview-commands.ts';
import type { Platform } from './platform.ts';

/** Nobody is told of anything. */
export function providerCommands(platform: Platform): ProviderCommands {
  const held = new Map<string, ProviderFacts>();
  return {
    async get(actor, project) {
      platform.project(actor, project, 'configure');
      return held.get(project) ?? null;
    },
    async set(actor, project, { kind = 'github', apiUrl = 'https://api.github.com', repository = 'acme/shop' }) {
      platform.project(actor, project, 'configure');
      const set = { fingerprint: '0123abcd', setBy: actor.name, setAt: new Date().toISOString() };
      const facts = { kind, apiUrl, repository, ...set, lastError: null, lastErrorAt: null };
      held.set(project, facts);
      return facts;
    },
    async remove(actor, project) {
      platform.project(actor, project, 'configure');
      if (!held.delete(project)) throw new CutoverError('not_found', 'there is none');
    },
  };
}
