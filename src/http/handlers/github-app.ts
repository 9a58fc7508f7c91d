import type { GitHubAppCommands } from '../../engine/commands/preview-commands.ts';
import { webOrigin, type GitHubAppFacts } from '../../domain/github-app.ts';
import { json, nothing } from '../answer.ts';
import type { HandlerGroup } from '../handler.ts';

export function githubAppHandlers(githubApp: GitHubAppCommands): HandlerGroup<'githubApp'> {
  return {
    get: async ({ actor }) => {
      const facts = await githubApp.get(actor);
      return json({ githubApp: facts === null ? null : wire(facts) });
    },
    set: async ({ actor, body }) => json(wire(await githubApp.set(actor, body))),
    remove: async ({ actor }) => {
      await githubApp.remove(actor);
      return nothing;
    },
  };
}

/** Nothing but these, whatever the engine hands over. */
function wire({ appId, slug, apiUrl, fingerprint, setBy, setAt, lastError, lastErrorAt }: GitHubAppFacts) {
  const origin = webOrigin(apiUrl);
  const installUrl = `${origin}/${origin === 'https://github.com' ? 'apps' : 'github-apps'}/${slug}/installations/new`;
  return { appId, slug, apiUrl, installUrl, fingerprint, setBy, setAt, lastError, lastErrorAt };
}
