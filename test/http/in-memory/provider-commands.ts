import { CutoverError } from '../../../src/domain/errors.ts';
import type { GitHubAppFacts } from '../../../src/domain/github-app.ts';
import type { ProviderFacts } from '../../../src/domain/provider.ts';
import type { Actor } from '../../../src/domain/roles.ts';
import type { GitHubAppCommands, ProviderCommands } from '../../../src/engine/commands/preview-commands.ts';
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
      const facts = {
        kind,
        apiUrl,
        repository,
        ...set,
        installation: null,
        tellsDeployments: true,
        lastError: null,
        lastErrorAt: null,
      };
      held.set(project, facts);
      return facts;
    },
    async tellDeployments(actor, project, tellsDeployments) {
      platform.project(actor, project, 'configure');
      const facts = held.get(project);
      if (facts !== undefined) held.set(project, { ...facts, tellsDeployments });
    },
    async remove(actor, project) {
      platform.project(actor, project, 'configure');
      if (!held.delete(project)) throw new CutoverError('not_found', 'there is none');
    },
  };
}

/** Whatever is shown is taken for an App. */
export function githubAppCommands(requireAdmin: (actor: Actor) => void): GitHubAppCommands {
  let held: GitHubAppFacts | null = null;
  return {
    async get(actor) {
      requireAdmin(actor);
      return held;
    },
    async set(actor, { appId, apiUrl = 'https://api.github.com' }) {
      requireAdmin(actor);
      const set = { fingerprint: '0123abcd', setBy: actor.name, setAt: new Date().toISOString() };
      held = { appId, slug: 'cutover', apiUrl, ...set, lastError: null, lastErrorAt: null };
      return held;
    },
    async remove(actor) {
      requireAdmin(actor);
      if (held === null) throw new CutoverError('not_found', 'there is none');
      held = null;
    },
  };
}
