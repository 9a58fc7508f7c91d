import { Command, Option } from 'commander';
import { endpoints } from '../../../../contract/endpoints.ts';
import { CutoverError } from '../../../../contract/errors.ts';
import { providerSchema, type WireProvider } from '../../../../contract/schemas/provider.ts';
import type { Cli, Outcome } from '../../../cli.ts';
import type { Session } from '../../../session.ts';
import { given } from '../../environments/given.ts';
import { describeProvider } from './show.ts';

export interface SetProviderOptions {
  readonly tokenStdin?: boolean;
  readonly kind?: WireProvider['kind'];
  readonly apiUrl?: string;
  readonly repository?: string;
}

export function setCommand(cli: Cli): Command {
  return new Command('set')
    .description("set the token for the API of the repository's provider, encrypted and never shown again")
    .argument('<project>')
    .option('--token-stdin', 'read the token from standard input; asked for on a terminal')
    .addOption(
      new Option('--kind <kind>', 'default: by the address of the repository; Forgejo is a gitea').choices(
        providerSchema.shape.kind.options,
      ),
    )
    .option('--api-url <url>', 'such as https://git.example/api/v1; default: by the address of the repository')
    .option('--repository <owner/name>', 'as the provider names it; default: by the address of the repository')
    .action(cli.action((session, project: string, options: SetProviderOptions) => runSet(session, project, options)));
}

export async function runSet(session: Session, project: string, options: SetProviderOptions): Outcome {
  const { tokenStdin, kind, apiUrl, repository } = options;
  if (tokenStdin !== true) throw new CutoverError('usage', 'give the token with --token-stdin');
  const { terminal } = session;
  const token = terminal.interactive ? await terminal.ask('Token: ', { hidden: true }) : await terminal.readInput();
  const body = { token: token.trim(), ...given({ kind, apiUrl, repository }) };
  const provider = await (await session.client()).call(endpoints.providers.set, { params: { project }, body });
  session.show(provider, describeProvider(provider));
}
