import { Command } from 'commander';
import { endpoints } from '../../../contract/endpoints.ts';
import { describeVerdict } from '../../../contract/verdict.ts';
import type { WireDeployment } from '../../../contract/schemas/deployment.ts';
import type { Cli, Outcome } from '../../cli.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { parseDeploymentNumber } from '../../output/quantities.ts';
import type { Session } from '../../session.ts';

export interface PauseOptions {
  readonly project?: string;
  readonly yes?: boolean;
}

export function pauseCommand(cli: Cli): Command {
  return new Command('pause')
    .description('hold a rollout at its share, or stop what serves, with a page that says so')
    .argument('<number>', 'such as 42', parseDeploymentNumber)
    .option('-p, --project <project>', 'default: the only project')
    .option('-y, --yes', 'do not ask before something that serves is stopped')
    .action(cli.action((session, number: number, options: PauseOptions) => runPause(session, number, options)));
}

export async function runPause(session: Session, number: number, options: PauseOptions): Outcome {
  const project = await session.project(options.project);
  const params = { project, number };
  const client = await session.client();
  const { deployment: now } = await client.call(endpoints.deployments.get, { params });
  if (await isServing(client, now)) {
    const question = `Stop #${number}, which serves ${now.environment}? Visitors get a 503 page until it is resumed.`;
    await session.confirm(question, options.yes ?? false);
  }
  const deployment = await client.call(endpoints.deployments.pause, { params });
  session.show(deployment, describeVerdict(deployment));
  session.say(`go on with: cutover deployments resume ${number} -p ${project}`);
}

/** Only what serves takes its visitors along; of what was replaced the server says that there is nothing to pause. */
async function isServing(client: ApiClient, { id, project, environment, state }: WireDeployment): Promise<boolean> {
  if (state !== 'completed') return false;
  const { currentDeploymentId } = await client.call(endpoints.environments.get, { params: { project, environment } });
  return currentDeploymentId === id;
}
