import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list the environments of a project')
    .option('-p, --project <project>', 'default: the only project')
    .action(cli.action((session, options: { project?: string }) => runList(session, options)));
}

export async function runList(session: Session, options: { readonly project?: string }): Outcome {
  const params = { project: await session.project(options.project) };
  const { environments } = await (await session.client()).call(endpoints.environments.list, { params });
  const rows = environments.map(({ name, settings, hosts, currentDeploymentId }) => {
    const serves = currentDeploymentId === null ? 'nothing yet' : 'yes';
    return [name, settings.branch, String(settings.replicas), settings.strategy, serves, hosts.join(', ')];
  });
  session.show(environments, table(['NAME', 'BRANCH', 'REPLICAS', 'STRATEGY', 'SERVES', 'HOSTS'], rows));
}
