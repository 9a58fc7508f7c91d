import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDelivery } from '../../../contract/schemas/webhook.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge, parseWhole, plainText } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { addScopeOptions, chooseScope, type ScopeOptions } from './delivery-scope.ts';
import { describeResult, describeWhat } from './describe-delivery.ts';

export interface ListDeliveriesOptions extends ScopeOptions {
  readonly before?: number;
  readonly limit: number;
}

export function listCommand(cli: Cli): Command {
  const command = new Command('list')
    .description('list deliveries, newest first: verified? matched? what happened, and why not')
    .option('--before <sequence>', 'only older ones than this', parseWhole)
    .option('--limit <n>', 'how many', parseWhole, 20);
  return addScopeOptions(command).action(
    cli.action((session, options: ListDeliveriesOptions) => runList(session, options)),
  );
}

export async function runList(session: Session, options: ListDeliveriesOptions): Outcome {
  const project = await chooseScope(session, options);
  const { before, limit } = options;
  const query = { limit, ...(before === undefined ? {} : { before }) };
  const client = await session.client();
  const page =
    project === null
      ? await client.call(endpoints.deliveries.list, { params: {}, query })
      : await client.call(endpoints.projectDeliveries.list, { params: { project }, query });
  const rows = page.deliveries.map(row);
  session.show(page.deliveries, table(['ID', 'WHEN', 'FROM', 'VERIFIED', 'WHAT', 'RESULT'], rows));
  if (page.nextBefore !== null) session.say(`older ones: --before ${page.nextBefore}`);
}

function row(delivery: WireDelivery): readonly string[] {
  const { id, receivedAt, provider, verified } = delivery;
  return [
    id,
    formatAge(receivedAt, Date.now()),
    provider,
    verified ? 'yes' : 'no',
    plainText(describeWhat(delivery)).slice(0, 60),
    plainText(describeResult(delivery)),
  ];
}
