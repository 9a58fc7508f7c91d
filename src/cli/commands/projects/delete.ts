import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export function deleteCommand(cli: Cli): Command {
  return new Command('delete')
    .description('stop everything a project has and remove it')
    .argument('<project>')
    .option('-y, --yes', 'do not ask')
    .action(cli.action((session, project: string, options: { yes?: boolean }) => runDelete(session, project, options)));
}

export async function runDelete(session: Session, project: string, options: { readonly yes?: boolean }): Outcome {
  await session.confirm(`Stop and remove ${project} with all its environments?`, options.yes ?? false);
  await (await session.client()).call(endpoints.projects.delete, { params: { project } });
  session.show({ project, deleted: true }, `deleted ${project}`);
}
