import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { describeSubject } from './describe-preview.ts';

export interface ListPreviewsOptions {
  readonly project?: string;
  readonly closed?: boolean;
}

export function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list the previews of a project, newest push first')
    .option('-p, --project <project>', 'default: the only project')
    .option('--closed', 'those too for which there is nothing any more')
    .action(cli.action((session, options: ListPreviewsOptions) => runList(session, options)));
}

export async function runList(session: Session, options: ListPreviewsOptions): Outcome {
  const params = { project: await session.project(options.project) };
  const query = { closed: options.closed ?? false };
  const { previews } = await (await session.client()).call(endpoints.previews.list, { params, query });
  const rows = previews.map((preview) => [
    preview.name,
    describeSubject(preview),
    preview.asleepSince === null ? preview.state : `${preview.state}, asleep`,
    preview.deployment === null ? '-' : `#${preview.deployment.number} ${preview.deployment.state}`,
    formatAge(preview.pushedAt, Date.now()),
    preview.address ?? '-',
  ]);
  session.show(previews, table(['NAME', 'OF', 'STATE', 'DEPLOYMENT', 'PUSHED', 'ADDRESS'], rows));
}
