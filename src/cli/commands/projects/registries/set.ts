import { Command } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import { CutoverError } from '../../../../contract/errors.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';

export interface SetRegistryOptions {
  readonly username: string;
  readonly passwordStdin?: boolean;
}

export function setCommand(cli: Cli): Command {
  return new Command('set')
    .description('set user name and password (or token) for a registry, encrypted and never shown again')
    .argument('<project>')
    .argument('<registry>', 'such as registry.example.com:5000; docker.io is Docker Hub')
    .requiredOption('--username <name>', 'user name')
    .option('--password-stdin', 'read the password from standard input; asked for on a terminal')
    .action(
      cli.action((session, project: string, registry: string, options: SetRegistryOptions) =>
        runSet(session, { project, registry }, options),
      ),
    );
}

export async function runSet(
  session: Session,
  params: { readonly project: string; readonly registry: string },
  { username, passwordStdin }: SetRegistryOptions,
): Outcome {
  const password = await readPassword(session, passwordStdin === true);
  const client = await session.client();
  const set = await client.call(endpoints.registries.set, { params, body: { username, password } });
  session.show(set, `${set.username} at ${set.host}, fingerprint ${set.fingerprint}`);
}

/** A value is no argument: those can be read by everybody on the machine, and stay in the shell's history. */
async function readPassword({ terminal }: Session, fromInput: boolean): Promise<string> {
  if (fromInput) return (await terminal.readInput()).trim();
  if (!terminal.interactive) throw new CutoverError('usage', 'say --password-stdin, and give the password there');
  return (await terminal.ask('Password: ', { hidden: true })).trim();
}
