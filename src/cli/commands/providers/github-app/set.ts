import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import { CutoverError } from '../../../../contract/errors.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';
import { given } from '../../environments/given.ts';
import { describeApp } from './show.ts';

export interface SetAppOptions {
  readonly appId: string;
  readonly keyStdin?: boolean;
  readonly apiUrl?: string;
}

export function setCommand(cli: Cli): Command {
  return new Command('set')
    .description('set the App by its id and private key, which is encrypted and never shown again')
    .requiredOption('--app-id <id>', 'the number on the page of the App')
    .option('--key-stdin', 'read the private key (the .pem file) from standard input')
    .option('--api-url <url>', 'of an Enterprise Server: https://git.example/api/v3; default: that of github.com')
    .action(cli.action((session, options: SetAppOptions) => runSet(session, options)));
}

export async function runSet(session: Session, { appId, keyStdin, apiUrl }: SetAppOptions): Outcome {
  if (keyStdin !== true) throw new CutoverError('usage', 'give the private key with --key-stdin < key.pem');
  const privateKey = await session.terminal.readInput();
  const body = { appId, privateKey, ...given({ apiUrl }) };
  const app = await (await session.client()).call(endpoints.githubApp.set, { params: {}, body });
  session.show(app, describeApp(app));
}
