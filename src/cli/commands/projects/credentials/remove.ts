import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

export function removeCommand(cli: Cli): Command {
  return new Command('remove')
    .description('forget the token or deploy key')
    .argument('<project>')
    .action(cli.action((session, project: string) => runRemove(session, project)));
}

export async function runRemove(session: Session, project: string): Outcome {
  await (await session.client()).call(endpoints.credentials.remove, { params: { project } });
  session.show({ project, removed: true }, `${project} has no credentials any more`);
}
