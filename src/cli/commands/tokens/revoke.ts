import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export function revokeCommand(cli: Cli): Command {
  return new Command('revoke')
    .description('make a token useless at once')
    .argument('<id>', 'as `tokens list` shows it')
    .option('-y, --yes', 'do not ask')
    .action(cli.action((session, id: string, options: { yes?: boolean }) => runRevoke(session, id, options)));
}

export async function runRevoke(session: Session, token: string, options: { readonly yes?: boolean }): Outcome {
  await session.confirm(`Revoke the token ${token}?`, options.yes ?? false);
  await (await session.client()).call(endpoints.tokens.revoke, { params: { token } });
  session.show({ id: token, revoked: true }, `revoked ${token}`);
}
