import { CutoverError } from '../../domain/errors.ts';
import { knownProvider, type ProviderFacts } from '../../domain/provider.ts';
import type { Project } from '../../domain/project.ts';
import { sealProviderToken } from '../previews/provider-access.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { ProviderStore } from '../ports/provider-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { checkToken } from './credentials-rules.ts';
import type { NewProvider, ProviderCommands } from './preview-commands.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';

export interface ProviderDependencies {
  readonly configuration: ConfigurationStore;
  readonly providers: ProviderStore;
  readonly random: Random;
  readonly secretBox: SecretBox;
  /** Who is told, and how, is another thing now. */
  readonly wake: () => void;
}

export function providerCommands(dependencies: ProviderDependencies): ProviderCommands {
  const { configuration, providers, random, secretBox, wake } = dependencies;
  const projectOf = async (name: string) => (await configuration.projects.find(name)) ?? noProject(name);
  return {
    async get(actor, project) {
      requireAccess(actor, 'configure', project);
      return providers.find((await projectOf(project)).id);
    },
    async set(actor, name, input) {
      requireAccess(actor, 'configure', name);
      const project = await projectOf(name);
      checkToken('token', input.token);
      const id = random.id();
      const stored = await providers.set(project.id, {
        ...placeOf(project, input),
        id,
        sealed: sealProviderToken(secretBox, id, input.token),
        fingerprint: secretBox.fingerprint(input.token, 'provider token').slice(0, 8),
        setBy: actor.name,
      });
      wake();
      return (stored ? await providers.find(project.id) : null) ?? noProject(name);
    },
    async tellDeployments(actor, project, tells) {
      requireAccess(actor, 'configure', project);
      await providers.tellDeployments((await projectOf(project)).id, tells);
      wake();
    },
    async remove(actor, project) {
      requireAccess(actor, 'configure', project);
      if (!(await providers.remove((await projectOf(project)).id)))
        throw new CutoverError('not_found', `the project "${project}" has no token for a provider`);
      // The GitHub App may act in its place.
      wake();
    },
  };
}

/** What is not said follows from the address of the repository, where that is on one of the big providers. */
function placeOf(project: Project, input: NewProvider): Pick<ProviderFacts, 'kind' | 'apiUrl' | 'repository'> {
  const known = project.repository === null ? null : knownProvider(project.repository);
  const kind = input.kind ?? known?.kind;
  const apiUrl = input.apiUrl ?? (kind === known?.kind ? known?.apiUrl : undefined);
  const repository = input.repository ?? known?.repository;
  if (kind === undefined || apiUrl === undefined || repository === undefined) {
    const message = 'kind, apiUrl and repository are needed: they cannot be told from the address of the repository';
    throw new CutoverError('invalid_input', message);
  }
  return { kind, apiUrl: checkedApiUrl(apiUrl), repository: checkedRepository(repository) };
}

/** Without a slash at its end. Error: `invalid_input`. */
export function checkedApiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const legal =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  if (!legal) throw new CutoverError('invalid_input', 'apiUrl: must be an address such as https://git.example/api/v1');
  return url.href.replace(/\/+$/, '');
}

/** GitLab has groups in groups. */
function checkedRepository(text: string): string {
  const parts = text.split('/');
  if (parts.length >= 2 && parts.length <= 20 && parts.every((part) => /^(?!\.{1,2}$)[\w.-]{1,100}$/.test(part)))
    return text;
  throw new CutoverError('invalid_input', 'repository: must be as the provider names it: owner/name');
}
