import { exposedSecrets, type KnownSecret, type Violation, type WrittenText } from '../../../domain/invariants.ts';
import { spellingsOf } from '../../masking.ts';
import type { InvariantStore, WrittenDeployment } from '../../ports/invariant-store.ts';
import type { Ports } from '../../ports/ports.ts';
import { openSnapshot, type SnapshotVariables } from '../../workflows/open-configuration.ts';

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
    const { secrets, ...variables } = openSnapshot(ports.secretBox, written.deploymentId, written.sealedVariables);
    if (secrets.length === 0) continue;
    const texts = [...written.texts, ...(await logsOf(ports, written))];
    found.push(...exposedSecrets(texts, namedSecrets(secrets, variables, written.name), at));
  }
  return found;
}

function namedSecrets(
  secrets: readonly string[],
  { project, environment }: Pick<SnapshotVariables, 'project' | 'environment'>,
  deployment: string,
): readonly KnownSecret[] {
  const variables = [...Object.entries(environment), ...Object.entries(project)];
  return secrets.map((secret) => {
    const [name = 'a secret'] = variables.find(([, value]) => value === secret) ?? [];
    return { name: `${name} of ${deployment}`, spellings: spellingsOf(secret) };
  });
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
