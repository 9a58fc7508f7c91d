import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

export function removeCommand(cli: Cli): Command {
  return new Command('remove')
    .description('forget the credentials for a registry')
    .argument('<project>')
    .argument('<registry>', 'such as registry.example.com:5000')
    .action(cli.action((session, project: string, registry: string) => runRemove(session, project, registry)));
}

export async function runRemove(session: Session, project: string, registry: string): Outcome {
  await (await session.client()).call(endpoints.registries.remove, { params: { project, registry } });
  session.show({ project, registry, removed: true }, `${project} has no credentials for ${registry} any more`);
}
