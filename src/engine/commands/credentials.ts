import { CutoverError } from '../../domain/errors.ts';
import { defaultTokenUser, type RepositoryCredential } from '../../domain/repository-credential.ts';
import type { Project } from '../../domain/project.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { Source } from '../ports/source.ts';
import { sealCredential } from '../workflows/repository-credential.ts';
import { checkDeployKey, checkToken, fingerprintOf } from './credentials-rules.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';
import type { CredentialCommands, NewCredential } from './commands.ts';

export interface CredentialDependencies {
  readonly store: ConfigurationStore;
  readonly random: Random;
  readonly secretBox: SecretBox;
  readonly source: Pick<Source, 'forgetHostKeys'>;
  /** Which server a repository is on, as `RepositoryCredential` names it; null: on none. Error: `repository_refused`. */
  readonly hostOf: (repository: string) => string | null;
}

export function credentialCommands(dependencies: CredentialDependencies): CredentialCommands {
  const { store, random, secretBox, source, hostOf } = dependencies;
  const find = async (name: string) => (await store.projects.find(name)) ?? noProject(name);
  return {
    async get(actor, project) {
      requireAccess(actor, 'configure', project);
      return store.credentials.find((await find(project)).id);
    },
    async set(actor, name, input) {
      requireAccess(actor, 'configure', name);
      const project = await find(name);
      const credential = toCredential(input, hostFor(project, input, hostOf));
      const id = random.id();
      const sealed = sealCredential(secretBox, id, credential);
      const { kind, host } = credential;
      const facts = { kind, host, fingerprint: fingerprintOf(credential, secretBox), setBy: actor.name };
      if (!(await store.credentials.set(project.id, { id, sealed, ...facts }))) noProject(name);
      return (await store.credentials.find(project.id)) ?? noProject(name);
    },
    async remove(actor, project) {
      requireAccess(actor, 'configure', project);
      if (await store.credentials.remove((await find(project)).id)) return;
      throw new CutoverError('not_found', `the project "${project}" has no credentials`);
    },
    async forgetHostKeys(actor, project) {
      requireAccess(actor, 'configure', project);
      await source.forgetHostKeys((await find(project)).id);
    },
  };
}

/** The server that a credential is for: whoever points the project elsewhere later does not get it shown there. */
function hostFor({ repository }: Project, { kind }: NewCredential, hostOf: CredentialDependencies['hostOf']): string {
  const host = repository === null ? null : hostOf(repository);
  if (host === null)
    throw new CutoverError('invalid_input', 'no repository, or one on this machine, takes no credentials');
  const overSsh = host.startsWith('ssh://');
  if (overSsh !== (kind === 'deploy-key')) {
    const needed = overSsh ? 'ssh, which takes a deploy key' : 'HTTP, which takes a token';
    throw new CutoverError('invalid_input', `the repository of the project is read over ${needed}`);
  }
  return host;
}

function toCredential(input: NewCredential, host: string): RepositoryCredential {
  if (input.kind === 'token') {
    const { username = defaultTokenUser, token } = input;
    checkToken(username, token);
    return { kind: 'token', username, token, host };
  }
  return { kind: 'deploy-key', privateKey: checkDeployKey(input.privateKey), host };
}
