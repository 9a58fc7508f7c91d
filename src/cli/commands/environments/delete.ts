import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export interface DeleteEnvironmentOptions {
  readonly project?: string;
  readonly yes?: boolean;
}

export function deleteCommand(cli: Cli): Command {
  return new Command('delete')
    .description('stop what serves in an environment and remove it')
    .argument('<name>')
    .option('-p, --project <project>', 'default: the only project')
    .option('-y, --yes', 'do not ask')
    .action(
      cli.action((session, name: string, options: DeleteEnvironmentOptions) => runDelete(session, name, options)),
    );
}

export async function runDelete(session: Session, environment: string, options: DeleteEnvironmentOptions): Outcome {
  const project = await session.project(options.project);
  await session.confirm(`Stop and remove ${environment} of ${project}?`, options.yes ?? false);
  await (await session.client()).call(endpoints.environments.delete, { params: { project, environment } });
  session.show({ project, environment, deleted: true }, `deleted ${environment} of ${project}`);
}
