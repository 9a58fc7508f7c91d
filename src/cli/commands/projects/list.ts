import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { repositoryName } from '../../../contract/repository-name.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export function listCommand(cli: Cli): Command {
  return new Command('list').description('list projects').action(cli.action((session) => runList(session)));
}

export async function runList(session: Session): Outcome {
  const { projects } = await (await session.client()).call(endpoints.projects.list, { params: {} });
  const rows = projects.map(({ name, repository, build, createdAt }) => {
    return [name, repositoryName(repository), build.preset, formatAge(createdAt, Date.now())];
  });
  session.show(projects, table(['NAME', 'REPOSITORY', 'PRESET', 'CREATED'], rows));
}
