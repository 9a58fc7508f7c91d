import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { facts } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function remoteCommand(cli: Cli): Command {
  return new Command('remote')
    .description('show where the project is pushed to, and how')
    .argument('<project>')
    .action(cli.action((session, project: string) => runRemote(session, project)));
}

export async function runRemote(session: Session, project: string): Outcome {
  const remote = await (await session.client()).call(endpoints.projects.remote, { params: { project } });
  const branches = remote.branches.map(({ branch, environments }) => [branch, environments.join(', ')] as const);
  session.show(remote, [remote.url, ...(branches.length === 0 ? [] : [facts(branches)])].join('\n'));
  const [branch = 'main'] = remote.branches.map((one) => one.branch);
  session.say(
    `push to it with: git remote add cutover ${remote.url} && git push cutover ${branch} (any user name; the password is a token)`,
  );
}
