import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';
import { describeEnvironment } from './describe-environment.ts';

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('show an environment and its settings')
    .argument('<name>')
    .option('-p, --project <project>', 'default: the only project')
    .action(cli.action((session, name: string, options: { project?: string }) => runShow(session, name, options)));
}

export async function runShow(session: Session, name: string, options: { readonly project?: string }): Outcome {
  const params = { project: await session.project(options.project), environment: name };
  const environment = await (await session.client()).call(endpoints.environments.get, { params });
  session.show(environment, describeEnvironment(environment));
}
