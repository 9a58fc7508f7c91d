import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

export function removeCommand(cli: Cli): Command {
  return new Command('remove')
    .description('forget the token, and what was still to be told')
    .argument('<project>')
    .action(cli.action((session, project: string) => runRemove(session, project)));
}

export async function runRemove(session: Session, project: string): Outcome {
  await (await session.client()).call(endpoints.providers.remove, { params: { project } });
  session.show({ project, removed: true }, `nobody is told of the previews of ${project} any more`);
}
