import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { currentLogin } from '../../config.ts';
import { facts } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function whoamiCommand(cli: Cli): Command {
  return new Command('whoami')
    .description('show whose token is in use, and on which server')
    .action(cli.action((session) => runWhoami(session)));
}

export async function runWhoami(session: Session): Outcome {
  const { url } = await currentLogin(session.terminal.env);
  const who = await (await session.client()).call(endpoints.system.whoami, { params: {} });
  const only = who.environments === null ? '' : ` (${who.environments.join(', ')} only)`;
  const project = `${who.project ?? 'all projects'}${only}`;
  session.show(
    { url, ...who },
    facts([
      ['server', url],
      ['name', who.name],
      ['role', who.role],
      ['may see', project],
    ]),
  );
}
