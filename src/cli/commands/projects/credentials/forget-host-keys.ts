import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

export function forgetHostKeysCommand(cli: Cli): Command {
  return new Command('forget-host-keys')
    .description('believe the next answer of an ssh server, whose key has changed')
    .argument('<project>')
    .action(cli.action((session, project: string) => runForgetHostKeys(session, project)));
}

export async function runForgetHostKeys(session: Session, project: string): Outcome {
  await (await session.client()).call(endpoints.credentials.forgetHostKeys, { params: { project } });
  session.show({ project, forgotten: true }, `${project} knows no host keys any more: the next answer is believed`);
}
