import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { addScopeOptions, chooseScope, type ScopeOptions } from './delivery-scope.ts';

export function redeliverCommand(cli: Cli): Command {
  const command = new Command('redeliver')
    .description('work on a delivery once more, as things are now')
    .argument('<delivery>', 'its id, as `webhooks list` shows it');
  return addScopeOptions(command).action(
    cli.action((session, delivery: string, options: ScopeOptions) => runRedeliver(session, delivery, options)),
  );
}

export async function runRedeliver(session: Session, delivery: string, options: ScopeOptions): Outcome {
  const project = await chooseScope(session, options);
  const client = await session.client();
  const copy =
    project === null
      ? await client.call(endpoints.deliveries.redeliver, { params: { delivery } })
      : await client.call(endpoints.projectDeliveries.redeliver, { params: { project, delivery } });
  session.show(copy, `it is worked on as ${copy.id}; see \`cutover webhooks show ${copy.id}\``);
}
