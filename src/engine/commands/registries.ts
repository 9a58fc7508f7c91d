import { CutoverError } from '../../domain/errors.ts';
import { isRegistryHost } from '../../domain/image-reference.ts';
import type { ConfigurationStore } from '../ports/configuration-store.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import { sealRegistryCredential } from '../workflows/registry-credential.ts';
import type { RegistryCommands } from './intake.ts';
import { checkToken } from './credentials-rules.ts';
import { requireAccess } from './projects-access.ts';
import { noProject } from './projects.ts';

interface RegistryDependencies {
  readonly store: ConfigurationStore;
  readonly random: Random;
  readonly secretBox: SecretBox;
}

export function registryCommands({ store, random, secretBox }: RegistryDependencies): RegistryCommands {
  const find = async (name: string) => (await store.projects.find(name)) ?? noProject(name);
  return {
    async list(actor, project) {
      requireAccess(actor, 'configure', project);
      return store.registries.list((await find(project)).id);
    },
    async set(actor, name, { host: given, username, password }) {
      requireAccess(actor, 'configure', name);
      const host = checkHost(given);
      checkToken(username, password);
      const project = await find(name);
      const id = random.id();
      const sealed = sealRegistryCredential(secretBox, id, { host, username, password });
      const fingerprint = secretBox.fingerprint(password, 'registry password').slice(0, 8);
      const record = { id, sealed, host, username, fingerprint, setBy: actor.name };
      if (!(await store.registries.set(project.id, record))) noProject(name);
      const set = (await store.registries.list(project.id)).find((facts) => facts.host === host);
      return set ?? noProject(name);
    },
    async remove(actor, project, host) {
      requireAccess(actor, 'configure', project);
      if (await store.registries.remove((await find(project)).id, host.toLowerCase())) return;
      throw new CutoverError('not_found', `the project "${project}" has no credentials for "${host}"`);
    },
  };
}

function checkHost(given: string): string {
  const host = given.toLowerCase();
  if (isRegistryHost(host)) return host;
  throw new CutoverError('invalid_input', 'the registry must be a host such as registry.example.com or 127.0.0.1:5000');
}
