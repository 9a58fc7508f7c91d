import { Argument, Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

type Switch = 'on' | 'off';

export function statusesCommand(cli: Cli): Command {
  return new Command('statuses')
    .description('whether commits and deployments of production and the like have a status at the provider')
    .argument('<project>')
    .addArgument(new Argument('<switch>', 'as it is by default: on').choices(['on', 'off'] satisfies Switch[]))
    .action(cli.action((session, project: string, to: Switch) => runStatuses(session, project, to)));
}

export async function runStatuses(session: Session, project: string, to: Switch): Outcome {
  const tellsDeployments = to === 'on';
  await (await session.client()).call(endpoints.providers.update, { params: { project }, body: { tellsDeployments } });
  const who = tellsDeployments ? 'every environment' : 'previews only';
  session.show({ project, tellsDeployments }, `the provider of ${project} is told of ${who}`);
}
