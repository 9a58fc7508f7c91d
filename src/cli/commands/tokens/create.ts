import { Command, Option } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { CutoverError } from '../../../contract/errors.ts';
import { tokenSchema, type WireToken } from '../../../contract/schemas/token.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { parseLifetime } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';

export interface CreateTokenOptions {
  readonly role: WireToken['role'];
  readonly deployOnly?: boolean;
  readonly project?: string;
  readonly environment?: readonly string[];
  /** In ms. */
  readonly expires?: number;
}

export function createCommand(cli: Cli): Command {
  const role = new Option('--role <role>', 'what it may do').choices(tokenSchema.shape.role.options);
  return new Command('create')
    .description('create a token; its secret is printed this once')
    .argument('[name]', 'who or what will use it; default with --deploy-only: deploy')
    .addOption(role.default('developer'))
    .addOption(
      new Option('--deploy-only', 'the role deployer, for CI: deploy, follow and cancel its own deployments').implies({
        role: 'deployer',
      }),
    )
    .option('-p, --project <project>', 'only this project; default: all')
    .option('-e, --environment <name...>', 'with --deploy-only: only these environments; default: all')
    .option('--expires <time>', 'valid for so long, such as 90d or 12h; default: until it is revoked', parseLifetime)
    .action(
      cli.action((session, name: string | undefined, options: CreateTokenOptions) => {
        return runCreate(session, name, options);
      }),
    );
}

export async function runCreate(session: Session, given: string | undefined, options: CreateTokenOptions): Outcome {
  const { role, project = null, environment: environments = null, expires: expiresInMs = null } = options;
  const name = given ?? (role === 'deployer' ? 'deploy' : undefined);
  if (name === undefined) throw new CutoverError('usage', 'name the token: who or what will use it');
  if (options.deployOnly === true && role !== 'deployer')
    throw new CutoverError('usage', '--deploy-only is a role: leave --role out');
  const body = { name, role, project, environments: environments === null ? null : [...environments], expiresInMs };
  const token = await (await session.client()).call(endpoints.tokens.create, { params: {}, body });
  session.show(token, token.secret);
  session.say(`token ${token.name} (${describe(token)}); it is not shown again. Use it with: cutover login --token …`);
}

function describe({ role, project, environments, expiresAt }: WireToken): string {
  const where = project === null ? [] : [[project, ...(environments ?? [])].join(' ')];
  const until = expiresAt === null ? [] : [`until ${expiresAt.slice(0, 16).replace('T', ' ')} UTC`];
  return [role, ...where, ...until].join(', ');
}
