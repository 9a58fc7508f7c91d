import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

export function removeCommand(cli: Cli): Command {
  return new Command('remove')
    .description('forget the App, and what it was still to tell')
    .action(cli.action((session) => runRemove(session)));
}

export async function runRemove(session: Session): Outcome {
  await (await session.client()).call(endpoints.githubApp.remove, { params: {} });
  session.show({ removed: true }, 'no project is read or told of by the GitHub App any more');
}
