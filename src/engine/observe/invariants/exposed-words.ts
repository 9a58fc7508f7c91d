import { exposedSecrets, type KnownSecret, type Violation, type WrittenText } from '../../../domain/invariants.ts';
import { credentialSecrets } from '../../../domain/repository-credential.ts';
import { spellingsOf } from '../../masking.ts';
import type { InvariantStore, WrittenDeployment } from '../../ports/invariant-store.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SecretBox } from '../../ports/secret-box.ts';
import { openSnapshot } from '../../workflows/open-configuration.ts';
import { openCredential } from '../../workflows/repository-credential.ts';

export interface WordSources {
  readonly ports: Pick<Ports, 'logs' | 'secretBox' | 'clock'>;
  readonly store: InvariantStore;
}

/** How far back it is looked: deployments, and lines of each of their logs. */
const newestDeployments = 20;
const lastLines = 500;

/** Secrets that stand in what was written about the newest deployments. Errors: `database_unavailable`. */
export async function findExposed({ ports, store }: WordSources): Promise<readonly Violation[]> {
  const at = ports.clock.monotonic();
  const found: Violation[] = [];
  for (const written of await store.written(newestDeployments)) {
    const secrets = [...secretsOf(ports.secretBox, written), ...credentialOf(ports.secretBox, written)];
    if (secrets.length === 0) continue;
    const texts = [...written.texts, ...(await logsOf(ports, written))];
    found.push(...exposedSecrets(texts, secrets, at));
  }
  return found;
}

function secretsOf(
  box: SecretBox,
  { deploymentId, sealedVariables, name: deployment }: WrittenDeployment,
): readonly KnownSecret[] {
  const { secrets, project, environment } = openSnapshot(box, deploymentId, sealedVariables);
  const variables = [...Object.entries(environment), ...Object.entries(project)];
  return secrets.map((secret) => {
    const [name = 'a secret'] = variables.find(([, value]) => value === secret) ?? [];
    return { name: `${name} of ${deployment}`, spellings: spellingsOf(secret) };
  });
}

function credentialOf(box: SecretBox, { sealedCredential, name }: WrittenDeployment): readonly KnownSecret[] {
  const credential = openCredential(box, sealedCredential ?? null);
  if (credential === null) return [];
  const spellings = credentialSecrets(credential).flatMap(spellingsOf);
  return [{ name: `the credential of the repository of ${name}`, spellings }];
}

async function logsOf(
  { logs }: Pick<Ports, 'logs'>,
  { deploymentId, name, logs: names }: WrittenDeployment,
): Promise<readonly WrittenText[]> {
  const texts: WrittenText[] = [];
  for (const log of names) {
    const where = `log ${log.slice(log.lastIndexOf('/') + 1)} of ${name}`;
    for (const { text } of await logs.tail(log, lastLines)) texts.push({ where, text, deploymentId });
  }
  return texts;
}
