import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { currentLogin, writeLogin } from '../../config.ts';
import type { Session } from '../../session.ts';

export interface LoginOptions {
  readonly url?: string;
  readonly token?: string;
}

export function loginCommand(cli: Cli): Command {
  return new Command('login')
    .description('check a token and keep it for the commands that follow')
    .option('--url <url>', 'address of the API; default: the stored one, else http://127.0.0.1:7080')
    .option('--token <token>', 'the token; asked for on a terminal')
    .action(cli.action((session, options: LoginOptions) => runLogin(session, options)));
}

export async function runLogin(session: Session, options: LoginOptions): Outcome {
  const { env } = session.terminal;
  const url = options.url ?? (await currentLogin(env)).url;
  const token = options.token ?? env['CUTOVER_TOKEN'] ?? (await askForToken(session));
  const who = await session.clientFor({ url, token }).call(endpoints.system.whoami, { params: {} });
  const file = await writeLogin(env, { url, token });
  session.show({ url, ...who }, `logged in to ${url} as ${who.name} (${who.role})`);
  session.say(`kept in ${file}`);
}

async function askForToken(session: Session): Promise<string> {
  if (!session.terminal.interactive) throw new CutoverError('usage', 'give the token with --token or CUTOVER_TOKEN');
  return (await session.terminal.ask('Token: ', { hidden: true })).trim();
}
