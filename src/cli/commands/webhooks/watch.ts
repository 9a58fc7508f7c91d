import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDelivery } from '../../../contract/schemas/webhook.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { exitCodes } from '../../exit-codes.ts';
import { plainText } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';
import { addScopeOptions, chooseScope, type ScopeOptions } from './delivery-scope.ts';
import { describeResult, describeWhat } from './describe-delivery.ts';

export function watchCommand(cli: Cli): Command {
  const command = new Command('watch').description('the same, live, each when it has been worked on, until Ctrl-C');
  return addScopeOptions(command).action(cli.action((session, options: ScopeOptions) => runWatch(session, options)));
}

/** Ctrl-C is how it ends, so that is no failure. */
export async function runWatch(session: Session, options: ScopeOptions): Outcome {
  const project = await chooseScope(session, options);
  const client = await session.client();
  const deliveries =
    project === null
      ? client.stream(endpoints.deliveries.list, { params: {} })
      : client.stream(endpoints.projectDeliveries.list, { params: { project } });
  try {
    for await (const delivery of deliveries) show(session, delivery);
  } catch (error) {
    if (!session.terminal.signal.aborted) throw error;
  }
  return exitCodes.ok;
}

/** As JSON one document a line, for whoever reads on. */
function show({ json, terminal }: Session, delivery: WireDelivery): void {
  const { receivedAt, provider } = delivery;
  const text = `${receivedAt}  ${provider}  ${describeWhat(delivery)}  ${describeResult(delivery)}`;
  terminal.stdout.write(`${json ? JSON.stringify(delivery) : plainText(text)}\n`);
}
