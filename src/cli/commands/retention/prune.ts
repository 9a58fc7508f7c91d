import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireRetentionRun } from '../../../contract/schemas/retention.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { formatBytes, parseBytes } from '../../output/bytes.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { describePlan, removalRows, summarise } from './describe-retention.ts';

export interface PruneOptions {
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly budget?: number;
  readonly yes?: boolean;
}

export function pruneCommand(cli: Cli): Command {
  return new Command('prune')
    .description('remove images, bundles, logs and histories that no rule keeps')
    .option('--dry-run', 'say what would go and why, and remove nothing')
    .option('--all', 'say also what stays, and why')
    .option('--budget <size>', 'what all may take that is no rollback target, this once: 500mb, 0', parseBytes)
    .option('-y, --yes', 'do not ask')
    .action(cli.action((session, options: PruneOptions) => runPrune(session, options)));
}

export async function runPrune(session: Session, options: PruneOptions): Outcome {
  const client = await session.client();
  const wishes = options.budget === undefined ? {} : { budgetBytes: options.budget };
  const plan = await client.call(endpoints.retention.plan, { params: {}, query: wishes });
  const text = describePlan(plan, options.all ?? false);
  const goes = summarise({ ...plan, removed: plan.going });
  if (options.dryRun === true) {
    session.show(plan, text);
    return session.say(`would remove ${goes}${plan.more ? ', and more after that' : ''}`);
  }
  if (goes !== 'nothing') {
    if (text !== '') session.say(text);
    await session.confirm(`Remove ${goes}?`, options.yes ?? false);
  }
  const run = await runAll(client, wishes);
  session.show(run, run.stayed.length === 0 ? '' : table(['STAYED', 'WHY'], run.stayed.map(stayedRow)));
  const back = run.givenBackBytes === null ? '' : `; Docker says ${formatBytes(run.givenBackBytes)} less in layers`;
  session.say(`removed ${summarise(run)}${back}`);
}

/** The server stops now and then to say how far it is. */
async function runAll(client: ApiClient, body: { readonly budgetBytes?: number }): Promise<WireRetentionRun> {
  let sum = await client.call(endpoints.retention.run, { params: {}, body });
  while (sum.more) {
    const next = await client.call(endpoints.retention.run, { params: {}, body });
    const isStuck = removalRows(next).length === 0;
    sum = add(sum, isStuck ? { ...next, more: false } : next);
  }
  return sum;
}

function add(a: WireRetentionRun, b: WireRetentionRun): WireRetentionRun {
  const counts = [a.givenBackBytes, b.givenBackBytes].filter((bytes) => bytes !== null);
  return {
    removed: [...a.removed, ...b.removed],
    stayed: b.stayed,
    logs: [...a.logs, ...b.logs],
    history: [...a.history, ...b.history],
    givenBackBytes: counts.length === 0 ? null : counts.reduce((sum, bytes) => sum + bytes),
    more: b.more,
  };
}

function stayedRow({ id, why }: WireRetentionRun['stayed'][number]): readonly string[] {
  return [id.replace('sha256:', '').slice(0, 12), why];
}
