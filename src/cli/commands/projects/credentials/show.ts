import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import type { WireCredential } from '../../../../contract/schemas/credential.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import { facts } from '../../../output/table.ts';
import type { Session } from '../../../session.ts';

export function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('tell which credentials are set, without their value')
    .argument('<project>')
    .action(cli.action((session, project: string) => runShow(session, project)));
}

export async function runShow(session: Session, project: string): Outcome {
  const client = await session.client();
  const { credential } = await client.call(endpoints.credentials.get, { params: { project } });
  session.show(credential, credential === null ? 'none' : describeCredential(credential));
}

export function describeCredential({ kind, host, fingerprint, setBy, setAt }: WireCredential): string {
  return facts([
    ['kind', kind === 'token' ? 'token' : 'deploy key'],
    ['host', host],
    ['fingerprint', fingerprint],
    ['set', `${setAt} by ${setBy}`],
  ]);
}
