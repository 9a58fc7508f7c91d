import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list tokens, without their secrets')
    .action(cli.action((session) => runList(session)));
}

export async function runList(session: Session): Outcome {
  const { tokens } = await (await session.client()).call(endpoints.tokens.list, { params: {} });
  const rows = tokens.map(({ name, role, project, environments, createdAt, expiresAt, id }) => {
    const expires = expiresAt === null ? 'never' : expiresAt.slice(0, 10);
    return [
      name,
      role,
      project ?? 'all',
      environments?.join(' ') ?? 'all',
      formatAge(createdAt, Date.now()),
      expires,
      id,
    ];
  });
  session.show(tokens, table(['NAME', 'ROLE', 'PROJECT', 'ENVIRONMENTS', 'CREATED', 'EXPIRES', 'ID'], rows));
}
