import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function queueCommand(cli: Cli): Command {
  return new Command('queue')
    .description('show what waits or runs, for what, and since when')
    .action(cli.action((session) => runQueue(session)));
}

export async function runQueue(session: Session): Outcome {
  const { items } = await (await session.client()).call(endpoints.system.queue, { params: {} });
  const rows = items.map(({ deployment, waitsFor }) => {
    const { project, number, environment, state, createdAt } = deployment;
    return [`${project} #${number}`, environment, state, waitsFor ?? '-', formatAge(createdAt, Date.now())];
  });
  const text =
    rows.length === 0 ? 'nothing waits' : table(['DEPLOYMENT', 'ENVIRONMENT', 'STATE', 'WAITS FOR', 'SINCE'], rows);
  session.show(items, text);
}
