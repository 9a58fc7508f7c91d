import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import { table } from '../../../output/table.ts';
import type { Session } from '../../../session.ts';

export function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('registries that credentials are set for, without their values')
    .argument('<project>')
    .action(cli.action((session, project: string) => runList(session, project)));
}

export async function runList(session: Session, project: string): Outcome {
  const client = await session.client();
  const { registries } = await client.call(endpoints.registries.list, { params: { project } });
  const rows = registries.map(({ host, username, fingerprint, setBy, setAt }) => [
    host,
    username,
    fingerprint,
    `${setAt} by ${setBy}`,
  ]);
  session.show(registries, table(['REGISTRY', 'USER', 'FINGERPRINT', 'SET'], rows));
}
