import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDeployment } from '../../../contract/schemas/deployment.ts';
import type { Cli, Outcome } from '../../cli.ts';
import { formatAge, parseDeploymentNumber, parseWhole } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';

export interface ListDeploymentsOptions {
  readonly project?: string;
  readonly environment?: string;
  readonly before?: number;
  readonly limit: number;
}

export function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('list deployments, newest first')
    .argument('[project]', 'default: the only project')
    .option('-p, --project <project>', 'the same')
    .option('-e, --environment <name>', 'only of this environment')
    .option('--before <number>', 'only older ones than this', parseDeploymentNumber)
    .option('--limit <n>', 'how many', parseWhole, 20)
    .action(
      cli.action((session, project: string | undefined, options: ListDeploymentsOptions) => {
        return runList(session, { ...options, ...(project === undefined ? {} : { project }) });
      }),
    );
}

export async function runList(session: Session, options: ListDeploymentsOptions): Outcome {
  const params = { project: await session.project(options.project) };
  const { environment, before, limit } = options;
  const query = {
    limit,
    ...(environment === undefined ? {} : { environment }),
    ...(before === undefined ? {} : { before }),
  };
  const page = await (await session.client()).call(endpoints.deployments.list, { params, query });
  session.show(
    page.deployments,
    table(['#', 'ENVIRONMENT', 'STATE', 'COMMIT', 'WHEN', 'BY'], page.deployments.map(row)),
  );
  if (page.nextBefore !== null) session.say(`older ones: --before ${page.nextBefore}`);
}

function row({ number, environment, state, source, createdAt, trigger }: WireDeployment): readonly string[] {
  const commit = source.commit === null ? source.branch : `${source.commit.sha.slice(0, 12)} ${source.commit.message}`;
  return [`#${number}`, environment, state, commit.slice(0, 60), formatAge(createdAt, Date.now()), trigger.by];
}
