import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireQueueItem } from '../../../contract/schemas/queue.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge, formatCount } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function queueCommand(cli: Cli): Command {
  return new Command('queue')
    .description('show what waits or runs, for what, and since when')
    .action(cli.action((session) => runQueue(session)));
}

export async function runQueue(session: Session): Outcome {
  const queue = await (await session.client()).call(endpoints.system.queue, { params: {} });
  const { items, elsewhere } = queue;
  const own =
    items.length === 0
      ? 'nothing waits'
      : table(['DEPLOYMENT', 'ENVIRONMENT', 'STATE', 'WAITS FOR', 'SINCE'], items.map(describeItem));
  const { waiting, running } = elsewhere;
  const others = `in other projects ${formatCount(waiting)} wait and ${formatCount(running)} run`;
  session.show(queue, waiting + running === 0 ? own : `${own}\n${others}`);
}

function describeItem({ deployment, waitsFor, since }: WireQueueItem): string[] {
  const { project, number, environment, state } = deployment;
  return [`${project} #${number}`, environment, state, waitsFor ?? '-', formatAge(since, Date.now())];
}
