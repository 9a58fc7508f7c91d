import { Command, Option } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { tokenSchema, type WireToken } from '../../../contract/schemas/token.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { Session } from '../../session.ts';

export interface CreateTokenOptions {
  readonly role: WireToken['role'];
  readonly project?: string;
}

export function createCommand(cli: Cli): Command {
  return new Command('create')
    .description('create a token; its secret is printed this once')
    .argument('<name>', 'who or what will use it')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(tokenSchema.shape.role.options).default('developer'),
    )
    .option('-p, --project <project>', 'only this project; default: all')
    .action(cli.action((session, name: string, options: CreateTokenOptions) => runCreate(session, name, options)));
}

export async function runCreate(session: Session, name: string, options: CreateTokenOptions): Outcome {
  const body = { name, role: options.role, project: options.project ?? null };
  const token = await (await session.client()).call(endpoints.tokens.create, { params: {}, body });
  session.show(token, token.secret);
  session.say(`token ${token.name} (${token.role}); it is not shown again. Use it with: cutover login --token …`);
}
