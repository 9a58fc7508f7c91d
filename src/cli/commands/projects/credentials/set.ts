import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import { CutoverError } from '../../../../contract/errors.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';
import { describeCredential } from './show.ts';

export interface SetCredentialsOptions {
  readonly tokenStdin?: boolean;
  readonly username?: string;
  readonly deployKeyFile?: string;
}

export function setCommand(cli: Cli): Command {
  return new Command('set')
    .description('set a token (https) or a deploy key (ssh), encrypted and never shown again')
    .argument('<project>')
    .option('--token-stdin', 'read the token from standard input; asked for on a terminal')
    .option('--username <name>', 'user name that goes with the token (default: x-access-token)')
    .option('--deploy-key-file <path>', "file with a private key in OpenSSH's format, without a passphrase")
    .action(
      cli.action((session, project: string, options: SetCredentialsOptions) => runSet(session, project, options)),
    );
}

export async function runSet(session: Session, project: string, options: SetCredentialsOptions): Outcome {
  const body = await toCredential(session, options);
  const client = await session.client();
  const credential = await client.call(endpoints.credentials.set, { params: { project }, body });
  session.show(credential, describeCredential(credential));
}

/** A value is no argument: those can be read by everybody on the machine, and stay in the shell's history. */
async function toCredential(session: Session, { tokenStdin, username, deployKeyFile }: SetCredentialsOptions) {
  if ((tokenStdin === true) === (deployKeyFile !== undefined))
    throw new CutoverError('usage', 'name one of --token-stdin and --deploy-key-file');
  if (deployKeyFile === undefined) {
    const token = await readToken(session);
    return { kind: 'token', token, ...(username === undefined ? {} : { username }) } as const;
  }
  if (username !== undefined) throw new CutoverError('usage', '--username goes with --token-stdin');
  return { kind: 'deploy-key', privateKey: await readKey(deployKeyFile) } as const;
}

async function readToken({ terminal }: Session): Promise<string> {
  const text = terminal.interactive ? await terminal.ask('Token: ', { hidden: true }) : await terminal.readInput();
  return text.trim();
}

async function readKey(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CutoverError('usage', `${path} cannot be read`, { cause });
  });
}
