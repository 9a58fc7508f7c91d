import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import type { WireDeployment, WireDeploymentDetail } from '../../../contract/schemas/deployment.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { formatAge, parseDeploymentNumber, parseWhole } from '../../output/quantities.ts';
import { table } from '../../output/table.ts';
import type { Session } from '../../session.ts';
import { chooseProject } from './choose-project.ts';
import { describeSource, describeOrigin, describePhase } from './describe-deployment.ts';

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
        return runList(session, project, options);
      }),
    );
}

export async function runList(session: Session, named: string | undefined, options: ListDeploymentsOptions): Outcome {
  const params = { project: await session.project(chooseProject(named, options.project)) };
  const { environment, before, limit } = options;
  const query = {
    limit,
    ...(environment === undefined ? {} : { environment }),
    ...(before === undefined ? {} : { before }),
  };
  const client = await session.client();
  const page = await client.call(endpoints.deployments.list, { params, query });
  const crashes = session.json ? new Map<number, string>() : await findCrashes(client, page.deployments);
  const rows = page.deployments.map((deployment) => row(deployment, crashes.get(deployment.number)));
  session.show(page.deployments, table(['#', 'ENVIRONMENT', 'STATE', 'SERVED', 'COMMIT', 'WHEN', 'BY'], rows));
  if (page.nextBefore !== null) session.say(`older ones: --before ${page.nextBefore}`);
}

function row(deployment: WireDeployment, crash: string | undefined): readonly string[] {
  const { number, environment, state, createdAt, trigger } = deployment;
  const origin = describeOrigin(deployment)?.split(':', 1)[0];
  return [
    `#${number}`,
    environment,
    crash === undefined ? state : `${state}, ${crash}`,
    describeServed(deployment),
    `${describeSource(deployment).slice(0, 60)}${origin === undefined ? '' : ` (${origin})`}`,
    formatAge(createdAt, Date.now()),
    trigger.by,
  ];
}

/** Whether one can go back to it. */
function describeServed({ completedAt, removed }: WireDeployment): string {
  if (completedAt === null) return '-';
  return removed.artifactAt === null ? 'yes' : 'not available';
}

/** "crashed (3 restarts)" by number, of those that have instances; there are few, whatever the page's length. */
async function findCrashes(
  client: ApiClient,
  deployments: readonly WireDeployment[],
): Promise<ReadonlyMap<number, string>> {
  const live = deployments.filter(({ state }) => ['deploying', 'ready', 'completed'].includes(state));
  const details = await Promise.all(
    live.map(({ project, number }) => client.call(endpoints.deployments.get, { params: { project, number } })),
  );
  return new Map(details.flatMap(crashOf));
}

function crashOf({ deployment, instances }: WireDeploymentDetail): readonly (readonly [number, string])[] {
  const crashed = instances.find(({ crashedAt }) => crashedAt !== null);
  return crashed === undefined ? [] : [[deployment.number, describePhase(crashed)]];
}
