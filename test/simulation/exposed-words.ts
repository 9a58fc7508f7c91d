import { exposedSecrets, type KnownSecret, type Violation, type WrittenText } from '../../src/domain/invariants.ts';
import { spellingsOf } from '../../src/engine/masking.ts';
import type { LogFiles } from './memory/memory-logs.ts';
import type { MemoryDatabase } from './memory/store/database.ts';

/** Secrets that stand in a log, in the journal, or in what is told of a deployment. */
export function exposedIn(
  logs: LogFiles,
  database: MemoryDatabase,
  secrets: ReadonlySet<string>,
): readonly Violation[] {
  if (secrets.size === 0) return [];
  const known = Array.from(secrets, secretOf);
  return exposedSecrets([...logged(logs), ...recorded(database)], known, 0);
}

const spelt = new Map<string, KnownSecret>();

/** The same few are used in every history. */
function secretOf(name: string): KnownSecret {
  const before = spelt.get(name);
  if (before !== undefined) return before;
  const secret = { name, spellings: spellingsOf(name) };
  spelt.set(name, secret);
  return secret;
}

function* logged(logs: LogFiles): Iterable<WrittenText> {
  for (const [name, { entries }] of logs) {
    const text = entries.map((entry) => entry.text).join('\n');
    yield { where: `log ${name}`, text, deploymentId: null };
  }
}

function* recorded(database: MemoryDatabase): Iterable<WrittenText> {
  for (const { deployment, jobs, verdict } of database.deployments.all()) {
    const { id, projectName, number } = deployment;
    const told = [deployment, jobs, verdict, database.timelines.get(id), database.steps.get(id)];
    yield { where: `${projectName} #${number}`, text: JSON.stringify(told), deploymentId: id };
  }
}
