import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addScopeOptions, chooseScope, type ScopeOptions } from './delivery-scope.ts';
import { describeDelivery } from './describe-delivery.ts';

export function showCommand(cli: Cli): Command {
  const command = new Command('show')
    .description('show a delivery, and what followed from it')
    .argument('<delivery>', 'its id, as `webhooks list` shows it');
  return addScopeOptions(command).action(
    cli.action((session, delivery: string, options: ScopeOptions) => runShow(session, delivery, options)),
  );
}

export async function runShow(session: Session, delivery: string, options: ScopeOptions): Outcome {
  const project = await chooseScope(session, options);
  const client = await session.client();
  const shown =
    project === null
      ? await client.call(endpoints.deliveries.show, { params: { delivery } })
      : await client.call(endpoints.projectDeliveries.show, { params: { project, delivery } });
  session.show(shown, describeDelivery(shown));
}
